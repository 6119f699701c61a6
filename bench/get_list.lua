-- wrk asks for one address after the other, over and over:
--   BENCH_LIST     a file with one path a line, as catalog_urls.py writes it (urls.txt)
--   BENCH_HEADERS, BENCH_REPORT: as in post.lua
-- The requests are made beforehand: while it measures, Lua only hands over the next one.
dofile((debug.getinfo(1, "S").source:match("^@(.*)/") or ".") .. "/post.lua")
wrk.method, wrk.body = "GET", nil

local requests, at = {}, 0

function init()
  local list = assert(os.getenv("BENCH_LIST"), "BENCH_LIST is not set")
  for path in io.lines(list) do
    requests[#requests + 1] = wrk.format(nil, path)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
