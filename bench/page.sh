# The marketplace page beside a handler that returns the same bytes. Sourced by run.sh.
# shellcheck shell=bash

PAGE_PATH='/marketplace/?category=agents'

stage_page() {
  local data="$WORK/page" round file="$WORK/page.html" port who url pid server order
  [ -n "$CMP_SERVER" ] || return
  prepare_ours "$data" || { missing "cmp-server could not migrate or seed"; return; }
  start_ours "$data" 0 || { missing "cmp-server did not start"; return; }
  # The second answer is the cached one.
  python3 "$HERE/facts.py" fetch "$OURS_URL$PAGE_PATH" "$file" >/dev/null &&
    python3 "$HERE/facts.py" fetch "$OURS_URL$PAGE_PATH" "$file" >"$OUT/page/answer.json" ||
    { missing "$PAGE_PATH does not answer 200"; return; }
  port=$(free_port)
  start bench-static 0 "$CMP_SERVER" bench-static --file "$file" --addr "127.0.0.1:$port"
  pid=$LAST
  wait_http "http://127.0.0.1:$port/" 10 "$pid" bench-static || { missing "cmp-server bench-static did not start"; return; }
  for ((round = 0; round <= BENCH_ROUNDS; round++)); do
    order=(static ours)
    ((round % 2)) && order=(ours static)
    for who in "${order[@]}"; do
      if [ "$who" = ours ]; then url="$OURS_URL$PAGE_PATH" server=$OURS_PID; else url="http://127.0.0.1:$port$PAGE_PATH" server=$pid; fi
      BENCH_METHOD=GET BENCH_HEADERS= python3 "$HERE/cell.py" --out "$OUT/page/cells.jsonl" --sut "$who" --kind page \
        --url "$url" --expect '<html' --c 64 --round "$round" --seconds "$((round ? BENCH_SECONDS : 1))" --pids "$server" \
        --disk "$WORK" || missing "page $who round $round failed"
    done
  done
}
