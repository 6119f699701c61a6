# Lists: pages of a hundred orders of a million, beside Waldur Mastermind with as many. Sourced by run.sh.
# shellcheck shell=bash

LISTS_ORDERS=${LISTS_ORDERS:-1000000}
# A rare event (a survey made anew every half minute, a checkpoint) is seen in twenty seconds or in none.
WALDUR_VERSION=4.5.1

# --- Waldur Mastermind --------------------------------------------------------------------------------------------------

find_waldur() { # sets WALDUR (a folder with venv and schema.sql), or returns 1
  WALDUR="$CACHE/waldur-$WALDUR_VERSION"
  [ -e "$WALDUR/complete" ] && [ -s "$WALDUR/schema.sql" ] && return 0
  # Its dependencies of 2020 have no builds for a later Python.
  local python
  python=$(command -v python3.7 || ls -d "$HOME"/.pyenv/versions/3.7.*/bin/python 2>/dev/null | tail -1)
  [ -n "$python" ] || { remark "Waldur Mastermind $WALDUR_VERSION needs Python 3.7, which is not here"; return 1; }
  say "Installing Waldur Mastermind $WALDUR_VERSION into $WALDUR; its migrations take some minutes"
  mkdir -p "$WALDUR"
  "$python" -m venv "$WALDUR/venv" &&
    "$WALDUR/venv/bin/pip" install --quiet --disable-pip-version-check --upgrade 'pip<24.1' 'setuptools<58' wheel &&
    "$WALDUR/venv/bin/pip" install --quiet --disable-pip-version-check -r "$HERE/peers/waldur/requirements.txt" &&
    "$WALDUR/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "waldur-mastermind==$WALDUR_VERSION" || return 1
  # It asks for python-ldap, which nothing of it imports and which wants a compiler and the headers of OpenLDAP.
  sed -i '/^Requires-Dist: django-auth-ldap/d' "$WALDUR"/venv/lib/python3.7/site-packages/waldur_mastermind-*.dist-info/METADATA
  start_postgres 0,1
  pg -c 'CREATE DATABASE waldur' && in_waldur -m django migrate >"$WORK/waldur-migrate.log" 2>&1 ||
    { tail -3 "$WORK/waldur-migrate.log" >&2; return 1; }
  "$PGBIN/pg_dump" --no-owner -h 127.0.0.1 -p "$PG_PORT" -U postgres waldur >"$WALDUR/schema.sql" || return 1
  stop "$PG_PID" INT
  rm -rf "${WORK:?}/pg"
  touch "$WALDUR/complete"
}

in_waldur() { # in_waldur ARGUMENT…: its Python with our settings
  WALDUR_PG_PORT=$PG_PORT PYTHONPATH="$HERE/peers/waldur" DJANGO_SETTINGS_MODULE=waldur_bench_settings LC_ALL=C.UTF-8 \
    "$WALDUR/venv/bin/python" "$@"
}

lists_waldur() {
  local round tokens port what path
  say "-- Waldur Mastermind $WALDUR_VERSION"
  find_waldur || { missing "Waldur Mastermind could not be installed"; return; }
  start_postgres 0
  pg -c 'CREATE DATABASE waldur' && pg -d waldur -f "$WALDUR/schema.sql" >"$WORK/waldur.log" 2>&1 &&
    pg -d waldur -v orders="$LISTS_ORDERS" -f "$HERE/peers/waldur/fill.sql" >>"$WORK/waldur.log" 2>&1 ||
    { tail -3 "$WORK/waldur.log" >&2; missing "Waldur Mastermind could not be filled"; return; }
  tokens=$(pg -d waldur -c "SELECT username || ' ' || key FROM authtoken_token JOIN core_user u ON u.id = user_id")
  port=$(free_port)
  start waldur 0 env WALDUR_PG_PORT="$PG_PORT" PYTHONPATH="$HERE/peers/waldur" DJANGO_SETTINGS_MODULE=waldur_bench_settings \
    LC_ALL=C.UTF-8 "$WALDUR/venv/bin/gunicorn" -w 1 -b "127.0.0.1:$port" --timeout 120 waldur_core.server.wsgi:application
  LISTS_PIDS=$LAST LISTS_DB_PIDS=$PG_PID
  wait_http "http://127.0.0.1:$port/api/" 60 "$LAST" waldur || { missing "Waldur Mastermind did not start"; return; }
  LISTS_URL="http://127.0.0.1:$port/api"
  # An answer takes seconds: one caller, and a long round instead of several short ones.
  for what in orders order-items; do
    for path in "page_size=100" "page_size=100&page=5000" "page_size=100&state=executing" \
      "page_size=100&customer_uuid=00000000000040008000000000000001"; do
      lists_cell waldur "$what $(lists_name "$path")" "$LISTS_URL/marketplace-$what/?$path" \
        "$(sed -n 's/^staff //p' <<<"$tokens")" 1 1 "${LISTS_PEER_SECONDS:-10}"
    done
  done
  stop "$LISTS_PIDS"
  stop "$PG_PID" INT
}

# --- ours -----------------------------------------------------------------------------------------------------------------

lists_name() { # lists_name QUERY: what the report calls it
  sed 's/page_size=100//; s/^&//; s/=[0-9a-f]\{32\}/=…/; s/created=.*/created=…/; s/^$/page 1/; s/&/, /g; s/=/ /g' <<<"$1"
}

lists_cell() { # lists_cell SUT KIND URL TOKEN CONNECTIONS ROUND SECONDS
  BENCH_METHOD=GET BENCH_HEADERS="Authorization: Token $4" python3 "$HERE/cell.py" --out "$OUT/lists/cells.jsonl" --sut "$1" \
    --kind "$2" --url "$3" --expect '"uuid"' --c "$5" --round "$6" --seconds "$7" --pids "$LISTS_PIDS" --db-pids "$LISTS_DB_PIDS" \
    --disk "$WORK" || missing "lists $1 $2 round $6 failed"
}

lists_paced() { # lists_paced SUT KIND PATH TOKEN: at half of what it did
  local rate
  rate=$(python3 - "$OUT/lists/cells.jsonl" "$1" "$2" <<'P'
import json, statistics, sys
rates = [r["rps"] for r in map(json.loads, open(sys.argv[1])) if (r["sut"], r["kind"]) == tuple(sys.argv[2:]) and r["round"]]
print(round(max(statistics.median(rates) / 2, 1)) if rates else 10)
P
  )
  printf '%s\n' "$3" >"$WORK/list.txt"
  BENCH_HEADERS="Authorization: Token $4" taskset -c 1 python3 "$HERE/paced.py" "$LISTS_URL" "$WORK/list.txt" "$rate" \
    "${LISTS_PACED_SECONDS:-20}" | python3 -c "
import json, sys
print(json.dumps({'sut': sys.argv[1], 'kind': sys.argv[2], **json.load(sys.stdin)}))" "$1" "$2" >>"$OUT/lists/paced.jsonl"
}

lists_ours() { # lists_ours ENGINE
  local sut="ours-$1" data="$WORK/lists-$1" made list="/api/marketplace-orders/?page_size=100" round who name path token large began
  say "-- ours on $1"
  OURS_DB=
  LISTS_DB_PIDS=
  if [ "$1" = postgres ]; then
    start_postgres 0
    pg -c 'CREATE DATABASE cmp'
    OURS_DB="$PG_URL/cmp"
    LISTS_DB_PIDS=$PG_PID
  fi
  began=$(date +%s)
  ours "$data" migrate >"$WORK/migrate.log" 2>&1 && made=$(ours "$data" bench-orders --orders "$LISTS_ORDERS" 2>"$WORK/fill.log") ||
    { tail -5 "$WORK/migrate.log" "$WORK/fill.log" >&2; missing "$sut could not be filled"; return; }
  say "   filled in $(($(date +%s) - began)) s"
  local port
  port=$(free_port)
  LISTS_URL="http://127.0.0.1:$port"
  start cmp-server 0 env -u DATABASE_URL -C "$WORK" ${OURS_DB:+DATABASE_URL="$OURS_DB"} CMP_DATA_DIR="$data" CMP_ADDR="127.0.0.1:$port" \
    CMP_PUBLIC_URL="$LISTS_URL" CMP_WORKERS=1 CMP_PROBE_EVERY_S=0 "$CMP_SERVER" serve
  LISTS_PIDS=$LAST
  wait_http "$LISTS_URL/readyz" 60 "$LISTS_PIDS" cmp-server || { missing "$sut did not start"; return; }
  field() { python3 -c 'import json, sys; v = json.loads(sys.argv[1])
for k in sys.argv[2].split("."): v = v[k]
print(v)' "$made" "$1"; }
  large=$(field large.customer)
  # Half of the orders are younger than this.
  path=$(python3 -c "import datetime, sys; print((datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=10 * int(sys.argv[1]))).strftime('%Y-%m-%dT%H:%M:%SZ'))" "$LISTS_ORDERS")
  cat >"$WORK/cases" <<CASES
staff|page 1|
staff|page 5000|&page=$((LISTS_ORDERS / 200))
staff|state executing|&state=executing
staff|state executing, page 1000|&state=executing&page=$((LISTS_ORDERS / 1000))
staff|two states|&state=executing&state=erred
staff|created after half of them|&created=$path
staff|created after half of them, page 2500|&created=$path&page=$((LISTS_ORDERS / 400))
staff|customer with a tenth|&customer_uuid=$large
large|owner with a tenth|
staff|customer with a tenth, state executing|&customer_uuid=$large&state=executing
staff|customer with a thousand|&customer_uuid=$(field small.customer)
small|owner with a thousand|
CASES
  while IFS='|' read -r who name path; do
    token=$(field "$(case $who in staff) echo staff ;; *) echo "$who.token" ;; esac)")
    for ((round = 0; round <= BENCH_ROUNDS; round++)); do
      lists_cell "$sut" "$name" "$LISTS_URL$list$path" "$token" "${LISTS_CONNECTIONS:-4}" "$round" "$((round ? BENCH_SECONDS : 1))"
    done
    lists_paced "$sut" "$name" "$list$path" "$token"
  done <"$WORK/cases"
  # Staff and owner by turns, the same rows: what permissions add.
  for ((round = 1; round <= 3 * BENCH_ROUNDS; round++)); do
    for who in $( ((round % 2)) && echo "staff large" || echo "large staff"); do
      if [ "$who" = staff ]; then path="&customer_uuid=$large" token=$(field staff); else path='' token=$(field large.token); fi
      lists_cell "$sut" "turns $who" "$LISTS_URL$list$path" "$token" 1 "$round" "$BENCH_SECONDS"
    done
  done
  echo "{\"sut\": \"$sut\", \"rss\": $(python3 "$HERE/facts.py" rss "$LISTS_PIDS")}" >>"$OUT/lists/memory.jsonl"
  stop "$LISTS_PIDS"
  [ "$1" = sqlite ] || stop "$PG_PID" INT
  OURS_DB=
}

stage_lists() {
  echo "{\"orders\": $LISTS_ORDERS}" >"$OUT/lists/size.json"
  if [ -n "$CMP_SERVER" ]; then
    lists_ours sqlite
    rm -rf "${WORK:?}/lists-sqlite"
    lists_ours postgres
    rm -rf "${WORK:?}/pg"
  fi
  lists_waldur
}
