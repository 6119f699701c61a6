#!/usr/bin/env bash
# Every curl line of the operator guide, in its order, from an empty database.
#
#   BASE=http://127.0.0.1:3000 STAFF_TOKEN=… end2end/peers/operator-guide.sh
#
# What the guide calls `uuid` is the id that an earlier line was answered with; everything else is as the guide has it.
# Between the lines stands, marked with "meanwhile", what others do: a buyer's order, the price of a component.
set -euo pipefail
: "${BASE:?where the server is}" "${STAFF_TOKEN:?a token of an operator}"

fail() { echo "FAILED: $*" >&2; exit 1; }

# call CODE METHOD PATH [BODY]: sends it as the guide does; the answer is in $answer.
call() {
    local wanted=$1 method=$2 path=$3 body=${4:-} code
    local sent=(-sS -X "$method" "$BASE$path" -H "Authorization: Token $STAFF_TOKEN" -o /tmp/guide.$$ -w '%{http_code}')
    [ -z "$body" ] || sent+=(-H "Content-Type: application/json" -d "$body")
    code=$(curl "${sent[@]}")
    answer=$(cat /tmp/guide.$$)
    rm -f /tmp/guide.$$
    [ "$code" = "$wanted" ] || fail "$method $path answered $code instead of $wanted: $answer"
    echo "  $code  $method $path"
}

# is FILTER VALUE: what jq makes of the answer must be this.
is() {
    local found
    found=$(jq -r "$1" <<<"$answer") || fail "no JSON: $answer"
    [ "$found" = "$2" ] || fail "$1 is '$found' instead of '$2' in $answer"
}

value() { jq -re "$1" <<<"$answer" || fail "no $1 in $answer"; }

echo "Create category"
call 201 POST /api/marketplace-categories/ '{"title": "AI Services", "description": "AI and ML services"}'
is .title "AI Services"
category=$(value .uuid)

echo "Create offering"
call 201 POST /api/marketplace-offerings/ '{
    "name": "AI Agent",
    "category": "/api/marketplace-categories/'"$category"'/",
    "type": "GSVAgents.Agent",
    "state": "Active",
    "description": "Deploy AI agents"
}'
is .state Active
is .category_title "AI Services"
offering=$(value .uuid)

echo "Create customer"
call 201 POST /api/customers/ '{"name": "Acme Corp", "email": "billing@acme.com", "country": "US"}'
is .name "Acme Corp"
customer=$(value .uuid)

echo "View and update quotas"
call 200 GET "/api/customers/$customer/"
is '.quotas | map(.name) | sort | join(",")' nc_project_count,nc_resource_count
call 200 PATCH "/api/customers/$customer/" '{"quotas": {"nc_project_count": 10, "nc_resource_count": 100}}'
is '.quotas[] | select(.name == "nc_project_count") | .limit' 10
is '.quotas[] | select(.name == "nc_resource_count") | .limit' 100

echo "Block customer"
call 200 POST "/api/customers/$customer/block/"
call 200 GET "/api/customers/?is_active=true"
is 'map(select(.uuid == "'"$customer"'")) | length' 0
# Meanwhile: it is let back in, for the rest of the guide.
call 200 POST "/api/customers/$customer/unblock/"

echo "Create plan"
call 201 POST /api/marketplace-plans/ '{
    "offering": "/api/marketplace-offerings/'"$offering"'/",
    "name": "Professional",
    "unit_price": "99.00",
    "unit": "month"
}'
is .name Professional
is .unit_price 99.0000000
plan=$(value .uuid)

# Meanwhile: calls are counted, and cost a cent each in this plan; the customer has a project and orders twice.
call 201 POST "/api/marketplace-provider-offerings/$offering/create_offering_component/" \
    '{"type": "calls", "name": "API calls", "measured_unit": "calls", "billing_type": "usage"}'
call 200 POST "/api/marketplace-plans/$plan/update_prices/" '{"prices": {"calls": "0.01"}}'
call 200 GET "/api/marketplace-plan-components/?offering_uuid=$offering"
component=$(value '.[] | select(.plan_uuid == "'"$plan"'") | .uuid')
call 200 GET "/api/projects/?customer=$customer"
if [ "$(jq length <<<"$answer")" = 0 ]; then
    call 201 POST /api/projects/ '{"name": "Support bots", "customer": "/api/customers/'"$customer"'/"}'
    project=$(value .uuid)
else
    project=$(value '.[0].uuid')
fi
call 200 PATCH "/api/marketplace-provider-offerings/$offering/update_integration/" '{"plugin_options": {"auto_approve": false, "manual_fulfilment": false}}' 2>/dev/null ||
    call 200 POST "/api/marketplace-provider-offerings/$offering/update_integration/" '{"plugin_options": {"auto_approve": false, "manual_fulfilment": false}}'

order() {
    call 201 POST /api/marketplace-orders/ '{
        "offering": "/api/marketplace-public-offerings/'"$offering"'/",
        "plan": "/api/marketplace-public-offerings/'"$offering"'/plans/'"$plan"'/",
        "project": "/api/projects/'"$project"'/",
        "attributes": {"name": "'"$1"'"},
        "accepting_terms_of_service": true
    }'
    value .uuid >/dev/null
}
STAFF=$STAFF_TOKEN
STAFF_TOKEN=${BUYER_TOKEN:-$STAFF}
order "First bot"
first=$(value .uuid)
order "Second bot"
second=$(value .uuid)
STAFF_TOKEN=$STAFF

echo "View pending orders, approve, reject"
call 200 GET "/api/marketplace-orders/?state=pending%20provider"
is 'map(.uuid) | contains(["'"$first"'", "'"$second"'"])' true
call 200 POST "/api/marketplace-orders/$first/approve/"
call 200 POST "/api/marketplace-orders/$second/reject/"
call 200 GET "/api/marketplace-orders/$second/"
is .state rejected
for _ in $(seq 100); do
    call 200 GET "/api/marketplace-orders/$first/" >/dev/null
    [ "$(jq -r .state <<<"$answer")" = done ] && break
    sleep 0.1
done
is .state done
resource=$(value .marketplace_resource_uuid)
call 200 GET "/api/marketplace-resources/?offering_uuid=$offering"
is 'map(.uuid) | contains(["'"$resource"'"])' true

echo "Submit usage"
call 201 POST /api/marketplace-component-usages/ '{
    "resource": "/api/marketplace-resources/'"$resource"'/",
    "component": "/api/marketplace-plan-components/'"$component"'/",
    "usage": 1500,
    "date": "2024-01-15"
}'
is '.usage | tonumber' 1500

echo "Generate invoice"
call 201 POST /api/invoices/ '{"customer": "/api/customers/'"$customer"'/", "year": 2024, "month": 1}'
is .state created
is '.price | tonumber' 15
invoice=$(value .uuid)
call 201 POST /api/invoices/ '{"customer": "/api/customers/'"$customer"'/", "year": 2024, "month": 1}'
is .uuid "$invoice"
call 200 GET "/api/invoices/?year=2024&month=1"
is 'map(select(.uuid == "'"$invoice"'")) | length' 1

echo "Mark invoice paid"
call 200 POST "/api/invoices/$invoice/paid/" '{"payment_date": "2024-02-01"}'
call 409 POST "/api/invoices/$invoice/paid/" '{"payment_date": "2024-02-01"}'
call 200 GET "/api/invoices/$invoice/"
is .state paid

echo "Reports"
call 200 GET "/api/marketplace-stats/revenue/?start=2024-01-01&end=2024-01-31"
is 'map(.total | tonumber) | add' 15
call 200 GET "/api/marketplace-stats/usage/?offering=$offering&start=2024-01-01&end=2024-01-31"
is 'map(.usage | tonumber) | add' 1500

echo "Tickets"
call 201 POST /api/support-issues/ '{"type": "INCIDENT", "summary": "The bot is silent", "customer": "/api/customers/'"$customer"'/"}'
issue=$(value .uuid)
call 200 GET "/api/support-issues/?state=open"
is 'map(.uuid) | contains(["'"$issue"'"])' true
call 200 GET /api/users/me/
staff=$(value .uuid)
call 200 PATCH "/api/support-issues/$issue/" '{"assignee": "/api/users/'"$staff"'/"}'
is .assignee_uuid "$staff"
call 200 POST "/api/support-issues/$issue/resolve/"
is .status Resolved
call 200 GET "/api/support-issues/?state=open"
is 'map(.uuid) | contains(["'"$issue"'"])' false

echo "Useful filters"
call 200 GET "/api/marketplace-orders/?state=pending%20provider"
call 200 GET "/api/marketplace-resources/?offering_uuid=$offering"
call 200 GET "/api/customers/?is_active=true"
is 'map(select(.uuid == "'"$customer"'")) | length' 1
call 200 GET "/api/invoices/?year=2024&month=1"

echo "The operator guide holds."
