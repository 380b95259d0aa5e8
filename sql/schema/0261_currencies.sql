-- ISO 4217 as of 2026: what has come and gone, and the codes of it that no market can use.

alter table core.currency add column unusable_because text;
comment on column core.currency.unusable_because is 'a sentence about why no new market may have it; null: one may. Markets that have it keep it';

insert into core.currency (code, exponent) values ('XCG', 2);
update core.currency c
set unusable_because = g.because
from (values
	('ANG', 'ANG ended in Curacao and Sint Maarten on 2025-03-31; XCG took its place.'),
	('BGN', 'BGN ended in Bulgaria on 2026-01-01; EUR took its place.')) g (code, because)
where c.code = g.code;

insert into core.currency (code, exponent, unusable_because)
select f.code, f.exponent, f.code || ' is ' || f.what || ', which nobody pays with.'
from (values
	('BOV', 2, 'a funds code of Bolivia'),
	('CHE', 2, 'a complementary currency of the WIR Bank'),
	('CHW', 2, 'a complementary currency of the WIR Bank'),
	('CLF', 4, 'a unit of account of Chile'),
	('COU', 2, 'a unit of account of Colombia'),
	('MXV', 2, 'a unit of account of Mexico'),
	('USN', 2, 'a funds code of the United States'),
	('UYI', 0, 'a unit of account of Uruguay'),
	('UYW', 4, 'a unit of account of Uruguay'),
	('XAD', 2, 'a unit of account of the Arab Monetary Fund'),
	('XAG', 0, 'silver'),
	('XAU', 0, 'gold'),
	('XBA', 0, 'a unit of bond markets'),
	('XBB', 0, 'a unit of bond markets'),
	('XBC', 0, 'a unit of bond markets'),
	('XBD', 0, 'a unit of bond markets'),
	('XDR', 0, 'a unit of account of the International Monetary Fund'),
	('XPD', 0, 'palladium'),
	('XPT', 0, 'platinum'),
	('XSU', 0, 'a unit of account of the ALBA countries'),
	('XTS', 0, 'a code for tests'),
	('XUA', 0, 'a unit of account of the African Development Bank'),
	(repeat('X', 3), 0, 'the code for no currency')) f (code, exponent, what);
