-- Load for wrk. Arguments after `--`: mode (book, hot, read, list), markets, partners, slots, base,
-- file of tokens (line m * partners + p is the token of partner p + 1 in market m).
local tokens, mode, markets, partners, slots, base = {}, nil, nil, nil, nil, nil
local count = 0
refused, failed = 0, 0 -- global, so that done() can ask each thread for them
local threads = {}

function setup(thread)
	table.insert(threads, thread)
end

local function id(number)
	local hex = string.format("%032x", number)
	return hex:sub(1, 8) .. "-" .. hex:sub(9, 12) .. "-" .. hex:sub(13, 16) .. "-" ..
	    hex:sub(17, 20) .. "-" .. hex:sub(21)
end

function init(args)
	mode = args[1]
	markets, partners, slots, base =
	    tonumber(args[2]), tonumber(args[3]), tonumber(args[4]), tonumber(args[5])
	for line in io.lines(args[6]) do
		tokens[#tokens + 1] = "Bearer " .. line
	end
	math.randomseed(os.time())
	refused, failed = 0, 0
end

local function key()
	return string.format("%08x%08x%08x%08x", math.random(0, 0x7fffffff),
	    math.random(0, 0x7fffffff), math.random(0, 0x7fffffff), math.random(0, 0x7fffffff))
end

local function book(market, partner, slot)
	return wrk.format("POST", "/v1/slots/" .. id(slot) .. "/bookings", {
		["Authorization"] = tokens[market * partners + partner],
		["Idempotency-Key"] = key(),
	})
end

function request()
	local random = math.random
	if mode == "book" then
		return book(random(0, markets - 1), random(1, partners), random(1, slots))
	elseif mode == "hot" then
		count = count + 1
		return book(0, count % partners + 1, base + math.floor(count / partners))
	elseif mode == "read" then
		return wrk.format("GET", "/v1/slots/" .. id(random(1, slots)),
		    { ["Authorization"] = tokens[random(1, partners)] })
	end
	return wrk.format("GET", "/v1/slots?station_id=" .. id(random(1, 20)) ..
	    "&from=2040-02-01T00:00:00Z&to=2041-01-01T00:00:00Z&free=true",
	    { ["Authorization"] = tokens[random(1, partners)] })
end

function response(status)
	if status == 409 then
		refused = refused + 1
	elseif status >= 400 then
		failed = failed + 1
	end
end

function done(summary, latency)
	local all_refused, all_failed = 0, 0
	for _, thread in ipairs(threads) do
		all_refused = all_refused + thread:get("refused")
		all_failed = all_failed + thread:get("failed")
	end
	io.write(string.format("RESULT %.0f %.3f %.3f %d %d\n",
	    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000,
	    latency:percentile(99) / 1000, all_refused,
	    all_failed + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
