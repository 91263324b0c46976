-- What the scripts share: lists from files, and one line of numbers at the end.
-- The scripts are given the folder of the lists, and where in a list to begin.

function lines(path)
  local list = {}
  for line in io.lines(path) do list[#list + 1] = line end
  return list
end

-- Every so manieth line, beginning with this one.
function every(path, first, step)
  local list, count = {}, 0
  for line in io.lines(path) do
    if count % step == first then list[#list + 1] = line end
    count = count + 1
  end
  return list
end

-- Each of the threads is told which one it is.
local count = 0
function setup(thread)
  thread:set("number", count)
  count = count + 1
end

-- requests, microseconds, p50, p99, and what went wrong: no connection, no answer, not a success.
function done(summary, latency)
  local errors = summary.errors
  local cut = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("NUMBERS %d %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), cut, errors.status))
end
