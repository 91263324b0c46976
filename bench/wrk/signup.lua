-- Signs up a new person with each request, with a password whose strength is as expensive to check as any.

local here = debug.getinfo(1, "S").source:match("@?(.*/)")
dofile(here .. "common.lua")

local passwords = {
  -- Characters that substitute for letters, each for several, after words and dates.
  "4@8({[<369!1|70$5+%24@8({[<369!1|70$5+%24@8({[<369!1|70$5+%24@8({[<369!1|70$5+%24@8({[<369!1|70$5+%24@8({[<369!1|70$5+%2",
  "e<@4@8(8{[2369!1|12/12x854@8(i({[<x369221|s0$5+%ababapassword1.1.1990monkeydragon4@8({[<369!1|70$5+%2loveqwertyzxcvbn",
  "passwordmonkeydragonloveqwertyshadowmasterletmeintrustnobatmanhunterjordanmichaelfootballwelcomesunshineprincess4@8({[<",
  "31415926535897932384626433832795028841971693993751058209749445923078164062862089986280348253421170679821480865132823",
}
local run, at = "", 0

function init(args)
  run = args[2]
end

function request()
  at = at + 1
  local email = "hostile" .. run .. "x" .. number .. "x" .. at .. "@example.org"
  local body = '{"email":"' .. email .. '","password":"' .. passwords[at % #passwords + 1]
    .. '","display_name":"Somebody"}'
  return wrk.format("POST", nil, { ["Content-Type"] = "application/json" }, body)
end
