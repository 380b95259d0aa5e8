-- Sign-ins for wrk. Argument after `--`: a file with a JSON body a line, a phone each.
local bodies, count = {}, 0
failed = 0 -- global, so that done() can ask each thread for it
local threads = {}

function setup(thread)
	table.insert(threads, thread)
end

function init(args)
	for line in io.lines(args[1]) do
		bodies[#bodies + 1] = line
	end
	failed = 0
end

function request()
	count = count + 1
	return wrk.format("POST", "/v1/auth/sessions", { ["Content-Type"] = "application/json" },
	    bodies[count % #bodies + 1])
end

function response(status)
	if status ~= 201 then
		failed = failed + 1
	end
end

function done(summary, latency)
	local all_failed = summary.errors.connect + summary.errors.read + summary.errors.timeout
	for _, thread in ipairs(threads) do
		all_failed = all_failed + thread:get("failed")
	end
	io.write(string.format("RESULT %.1f %.1f %.1f %d\n",
	    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000,
	    latency:percentile(99) / 1000, all_failed))
end
