# The gateway beside the mock alone, a bare nginx proxy and any-llm-gateway with PostgreSQL. Sourced by run.sh.
# shellcheck shell=bash

# What any-llm-gateway can take: its pool has 15 database connections, each call keeps one while the upstream works, and
# the call that waits for a sixteenth stops its event loop. With 24 callers it answers nobody for half a minute.
ANY_LLM_MOST=15

MESSAGES='"messages":[{"role":"system","content":"You are brief."},{"role":"user","content":"What is the capital of France? Answer in one word, please, and say nothing else at all."}],"max_tokens":16'

# The mock upstream: every request gets the same completion, below /stream/ the same events. The proxy: only proxy_pass.
write_nginx() {
  MOCK_PORT=$(free_port)
  NGINX_PORT=$(free_port)
  local common="worker_processes 1; daemon off; events { worker_connections 8192; }" event rest events="" word
  event='data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1,"model":"mock","choices":[{"index":0,"delta":{"content":"WORD"},"finish_reason":null}]}'
  for word in The capital of France is Paris .; do events+="${event/WORD/$word }"$'\n\n'; done
  rest='data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1,"model":"mock","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'
  events+="$rest"$'\n\n'
  rest='data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1,"model":"mock","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}'
  events+="$rest"$'\n\ndata: [DONE]\n\n'

  mkdir -p "$WORK/mock" "$WORK/nginx"
  cat >"$WORK/mock/nginx.conf" <<N
$common
pid $WORK/mock/pid; error_log $WORK/mock/error.log;
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
  $(temp_paths "$WORK/mock")
  server {
    listen 127.0.0.1:$MOCK_PORT backlog=4096;
    location = /status { stub_status; }
    location /stream/ { default_type text/event-stream; return 200 '$events'; }
    location / { default_type application/json; return 200 '{"id":"chatcmpl-bench","object":"chat.completion","created":1,"model":"mock","choices":[{"index":0,"message":{"role":"assistant","content":"The capital of France is Paris."},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}'; }
  }
}
N
  cat >"$WORK/nginx/nginx.conf" <<N
$common
pid $WORK/nginx/pid; error_log $WORK/nginx/error.log;
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
  $(temp_paths "$WORK/nginx")
  upstream mock { server 127.0.0.1:$MOCK_PORT; keepalive 512; keepalive_requests 1000000000; keepalive_timeout 600s; }
  server {
    listen 127.0.0.1:$NGINX_PORT backlog=4096;
    location / { proxy_pass http://mock; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
N
}

temp_paths() {
  local kind
  for kind in client_body proxy fastcgi uwsgi scgi; do printf '%s_temp_path %s/%s; ' "$kind" "$1" "$kind"; done
}

start_any_llm() { # sets ANY_PORT, ANY_PID, ANY_KEY
  local budget
  ANY_PORT=$(free_port)
  pg -c 'CREATE DATABASE any_llm_gateway' || return 1
  cat >"$WORK/any-llm.yml" <<Y
master_key: sk-bench-master
host: 127.0.0.1
port: $ANY_PORT
database_url: postgresql+psycopg2://postgres@127.0.0.1:$PG_PORT/any_llm_gateway
providers:
  openai: {api_key: sk-x, api_base: "http://127.0.0.1:$MOCK_PORT/v1"}
  vllm: {api_key: sk-x, api_base: "http://127.0.0.1:$MOCK_PORT/stream/v1"}
pricing:
  "openai:mock": {input_price_per_million: 1.0, output_price_per_million: 2.0}
  "vllm:mock": {input_price_per_million: 1.0, output_price_per_million: 2.0}
Y
  start any-llm 0 env -C "$WORK" "$ANY_LLM" serve --config "$WORK/any-llm.yml"
  ANY_PID=$LAST
  wait_http "http://127.0.0.1:$ANY_PORT/health" 60 "$ANY_PID" any-llm || return 1
  # A user with a budget, so that it checks one, as we do.
  any_llm_admin budgets '{"max_budget": 1000000}' >"$WORK/answer" && budget=$(json budget_id <"$WORK/answer") &&
    any_llm_admin users "{\"user_id\":\"bench\",\"budget_id\":\"$budget\"}" >"$WORK/answer" &&
    any_llm_admin keys '{"key_name":"bench","user_id":"bench"}' >"$WORK/answer" && ANY_KEY=$(json key <"$WORK/answer")
}

any_llm_admin() {
  python3 - "http://127.0.0.1:$ANY_PORT/v1/$1" "$2" <<'P'
import sys, urllib.request
r = urllib.request.Request(sys.argv[1], sys.argv[2].encode(),
    {"X-AnyLLM-Key": "Bearer sk-bench-master", "Content-Type": "application/json"})
print(urllib.request.urlopen(r, timeout=10).read().decode())
P
}

# gateway_cell SUT KIND CONNECTIONS ROUND SECONDS
gateway_cell() {
  local sut=$1 kind=$2 c=$3 round=$4 seconds=$5 url pids="" db="" key="sk-none" model="mock" auth="Authorization" prefix=""
  [ "$kind" = stream ] && prefix=/stream
  case $sut in
    direct) url="http://127.0.0.1:$MOCK_PORT$prefix/v1/chat/completions" ;;
    nginx) url="http://127.0.0.1:$NGINX_PORT$prefix/v1/chat/completions" pids=$NGINX_PID ;;
    any-llm)
      url="http://127.0.0.1:$ANY_PORT/v1/chat/completions" pids=$ANY_PID db=$PG_PID key=$ANY_KEY auth=X-AnyLLM-Key
      model="openai:mock"
      [ "$kind" = stream ] && model="vllm:mock"
      ;;
    ours)
      url="$OURS_URL/v1/chat/completions" pids=$OURS_PID key=$OURS_KEY model=$OURS_MODEL
      [ "$kind" = stream ] && key=$OURS_STREAM_KEY model=$OURS_STREAM_MODEL
      ;;
  esac
  local body="{\"model\":\"$model\",$MESSAGES}" expect='"chat.completion"'
  if [ "$kind" = stream ]; then
    body="{\"model\":\"$model\",\"stream\":true,\"stream_options\":{\"include_usage\":true},$MESSAGES}"
    expect='data: [DONE]'
  fi
  BENCH_METHOD=POST BENCH_BODY=$body BENCH_HEADERS="Content-Type: application/json"$'\n'"$auth: Bearer $key" \
    python3 "$HERE/cell.py" --out "$OUT/gateway/cells.jsonl" --sut "$sut" --kind "$kind" --url "$url" \
    --expect "$expect" --c "$c" --round "$round" --seconds "$seconds" --pids "$pids" --db-pids "$db" \
    --mock-status "http://127.0.0.1:$MOCK_PORT/status" --disk "$WORK"
}

memory() { # memory WHEN: what each process tree has resident now
  local line="{\"when\":\"$1\""
  local sut
  for sut in "${suts[@]}"; do
    case $sut in
      nginx) line+=",\"nginx\":$(python3 "$HERE/facts.py" rss "$NGINX_PID")" ;;
      any-llm) line+=",\"any-llm\":$(python3 "$HERE/facts.py" rss "$ANY_PID"),\"any-llm database\":$(python3 "$HERE/facts.py" pss "$PG_PID")" ;;
      ours) line+=",\"ours\":$(python3 "$HERE/facts.py" rss "$OURS_PID")" ;;
    esac
  done
  printf '%s}\n' "$line" >>"$OUT/gateway/memory.jsonl"
}

start_gateway_ours() {
  local answer data="$WORK/ours"
  prepare_ours "$data" || { missing "cmp-server could not migrate or seed"; return 1; }
  answer=$(ours "$data" bench-upstream --url "http://127.0.0.1:$MOCK_PORT/v1" 2>"$WORK/bench-upstream.log") &&
    OURS_MODEL=$(json model <<<"$answer") && OURS_KEY=$(json api_key <<<"$answer") ||
    { cat "$WORK/bench-upstream.log" >&2; missing "cmp-server bench-upstream gave no model and key"; return 1; }
  answer=$(ours "$data" bench-upstream --url "http://127.0.0.1:$MOCK_PORT/stream/v1" 2>>"$WORK/bench-upstream.log") &&
    OURS_STREAM_MODEL=$(json model <<<"$answer") && OURS_STREAM_KEY=$(json api_key <<<"$answer") || OURS_STREAM_MODEL=
  # A second call that only moves the first offering elsewhere would spoil both.
  [ "$OURS_STREAM_MODEL" != "$OURS_MODEL" ] || OURS_STREAM_MODEL=
  if [ -z "$OURS_STREAM_MODEL" ]; then
    missing "cmp-server bench-upstream lists only one upstream: no streaming row for ours"
    ours "$data" bench-upstream --url "http://127.0.0.1:$MOCK_PORT/v1" >/dev/null 2>&1
  fi
  start_ours "$data" 0 || { missing "cmp-server did not start"; return 1; }
}

stage_gateway() {
  local sut suts=() kept=() kind c round rotated i
  write_nginx
  start mock 1 nginx -c "$WORK/mock/nginx.conf"
  wait_http "http://127.0.0.1:$MOCK_PORT/status" 10 "$LAST" mock || fail "the mock upstream did not start"
  for sut in $BENCH_SUTS; do
    case $sut in
      direct) ;;
      nginx)
        start nginx 0 nginx -c "$WORK/nginx/nginx.conf"
        NGINX_PID=$LAST
        wait_http "http://127.0.0.1:$NGINX_PORT/status" 10 "$LAST" nginx || fail "nginx did not start"
        ;;
      any-llm)
        start_postgres 0
        find_any_llm && start_any_llm || { missing "any-llm-gateway $ANY_LLM_VERSION did not start"; continue; }
        ;;
      ours) [ -n "$CMP_SERVER" ] && start_gateway_ours || continue ;;
      *) fail "BENCH_SUTS names '$sut'; known are direct, nginx, ours, any-llm" ;;
    esac
    suts+=("$sut")
  done
  sleep 2
  memory idle

  # A second of warming up, which is also the proof that each of them answers.
  for sut in "${suts[@]}"; do
    if gateway_cell "$sut" plain 8 0 1; then kept+=("$sut"); else missing "$sut does not answer a request"; fi
  done
  suts=("${kept[@]}")
  local streaming=()
  for sut in "${suts[@]}"; do
    [ "$sut" = ours ] && [ -z "$OURS_STREAM_MODEL" ] && continue
    if gateway_cell "$sut" stream 8 0 1; then streaming+=("$sut"); else missing "$sut does not answer a stream"; fi
  done

  local cells n_cells round_takes
  read -ra cells <<<"$BENCH_CELLS"
  n_cells=$((${#suts[@]} * ${#cells[@]} + ${#streaming[@]}))
  round_takes=$((n_cells * (BENCH_SECONDS + 1) + 30))
  for ((round = 1; round <= BENCH_ROUNDS; round++)); do
    if ((round > 1)) && ! time_for $((round_takes + reserve)); then
      remark "round $round of the gateway was left out: the limit of $BENCH_LIMIT s was near"
      break
    fi
    local any_llm_full=0
    for c in "${cells[@]}" stream; do
      kind=plain rotated=()
      if [ "$c" = stream ]; then kind=stream c=64; fi
      # Who goes first changes from round to round.
      local these=("${suts[@]}")
      [ "$kind" = stream ] && these=("${streaming[@]}")
      for ((i = 0; i < ${#these[@]}; i++)); do rotated+=("${these[(i + round - 1) % ${#these[@]}]}"); done
      for sut in "${rotated[@]}"; do
        local at=$c
        if [ "$sut" = any-llm ] && ((c > ANY_LLM_MOST)); then
          # Once a round in place of the larger cells, and for the streams.
          if [ "$kind" = plain ]; then
            ((any_llm_full)) && continue
            any_llm_full=1
          fi
          at=$ANY_LLM_MOST
        fi
        gateway_cell "$sut" "$kind" "$at" "$round" "$BENCH_SECONDS" || missing "$sut $kind c=$c round $round failed"
      done
    done
  done
  sleep 5
  memory after

  if [[ " ${suts[*]} " == *" any-llm "* ]]; then
    # The peer's own books: what its log says was used, and what it charged.
    pg -d any_llm_gateway -c "SELECT json_build_object('logged', count(*), 'logged_cost', coalesce(sum(cost), 0),
      'charged', (SELECT spend FROM users WHERE user_id = 'bench')) FROM usage_logs" >"$OUT/gateway/any-llm.json"
  fi
  if [[ " ${suts[*]} " == *" ours "* ]]; then
    check_ours
  fi
}

# Do the books agree with what wrk counted? Exactly for 2,000 counted calls, within what was in flight for the rest.
check_ours() {
  local data="$WORK/ours"
  python3 "$HERE/books.py" exact "$OURS_URL" "$OURS_KEY" "{\"model\":\"$OURS_MODEL\",$MESSAGES}" "$data" 2000 \
    >"$OUT/gateway/exact.json" || missing "the exact check of the receipts could not be made"
  stop "$OURS_PID"
  python3 "$HERE/books.py" total "$data" >"$OUT/gateway/books.json" || missing "the receipts could not be counted"
  if ours "$data" proof >"$OUT/gateway/proof.txt" 2>&1; then
    echo "exit code 0" >>"$OUT/gateway/proof.txt"
  else
    echo "exit code $?" >>"$OUT/gateway/proof.txt"
    missing "cmp-server proof does not pass after the run: see bench/out/gateway/proof.txt"
  fi
  cp "$WORK/cmp-server.log" "$OUT/gateway/cmp-server.log"
}
