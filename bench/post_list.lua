-- wrk sends one body after the other, over and over, to the one address it was given:
--   BENCH_LIST     a file with one JSON body a line, as catalog_urls.py writes it (vendure.jsonl)
--   BENCH_HEADERS, BENCH_REPORT: as in post.lua
-- The requests are made beforehand: while it measures, Lua only hands over the next one.
dofile((debug.getinfo(1, "S").source:match("^@(.*)/") or ".") .. "/post.lua")
wrk.method = "POST"
wrk.headers["Content-Type"] = wrk.headers["Content-Type"] or "application/json"

local requests, at = {}, 0

function init()
  local list = assert(os.getenv("BENCH_LIST"), "BENCH_LIST is not set")
  for body in io.lines(list) do
    requests[#requests + 1] = wrk.format(nil, nil, nil, body)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end
