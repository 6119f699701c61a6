-- Fills an empty, migrated Waldur Mastermind 4.5.1 with :orders orders of one item each. The first customer has a tenth
-- of them, the others a thousand each; four orders belong to a resource. Foreign keys hold by construction and are not
-- checked one by one.
SET session_replication_role = replica;
SELECT 1 + greatest(1, :orders * 9 / 10 / 1000) AS customers, :orders / 4 AS resources \gset

INSERT INTO core_user (password, is_superuser, description, uuid, username, full_name, native_name, phone_number,
    organization, job_title, email, is_staff, is_active, is_support, date_joined, registration_method,
    preferred_language, competence, details, backend_id)
SELECT '!', false, '', gen_random_uuid(), name, 'Measured ' || name, '', '', '', '', name || '@example.com', name = 'staff',
    true, false, now(), 'default', '', '', '{}', ''
FROM unnest(ARRAY['staff', 'large', 'small']) AS name;
INSERT INTO authtoken_token (key, created, user_id)
SELECT encode(sha256(username::bytea), 'hex')::varchar(40), now(), id FROM core_user WHERE username IN ('staff', 'large', 'small');

INSERT INTO structure_customer (created, modified, name, uuid, vat_code, vat_name, vat_address, is_company, country,
    native_name, abbreviation, contact_details, email, phone_number, access_subnets, registration_code, type, address,
    postal, bank_name, bank_account, accounting_start_date, default_tax_percent, homepage, domain, backend_id, blocked)
SELECT now(), now(), 'Customer ' || n, ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, '', '', '', true, '', '', '', '',
    '', '', '', '', '', '', '', '', '', now(), 0, '', '', '', false
FROM generate_series(1, :customers) n ORDER BY n;
INSERT INTO structure_project (created, modified, description, name, uuid, customer_id, is_removed)
SELECT now(), now(), '', 'Project of ' || name, gen_random_uuid(), id, false FROM structure_customer ORDER BY id;
INSERT INTO structure_customerpermission (created, is_active, role, customer_id, user_id)
SELECT now(), true, 'owner', (SELECT id FROM structure_customer ORDER BY id OFFSET n - 1 LIMIT 1),
    (SELECT id FROM core_user WHERE username = CASE n WHEN 1 THEN 'large' ELSE 'small' END)
FROM generate_series(1, 2) n;

INSERT INTO marketplace_category (created, modified, uuid, title, description, backend_id)
VALUES (now(), now(), gen_random_uuid(), 'Agents', '', '');
INSERT INTO marketplace_offering (created, modified, description, name, uuid, full_description, vendor_details,
    attributes, options, geolocations, native_name, native_description, terms_of_service, type, state, paused_reason, shared,
    billable, backend_id, category_id, customer_id, plugin_options, datacite_doi)
SELECT now(), now(), 'Does what it says', 'Offering ' || n, gen_random_uuid(), '', '', '{}', '{}', '[]', '', '', '',
    'Support.OfferingTemplate', 2, '', true, true, '', (SELECT min(id) FROM marketplace_category),
    (SELECT min(id) FROM structure_customer), '{}', ''
FROM generate_series(1, 100) n ORDER BY n;
INSERT INTO marketplace_plan (created, modified, description, name, uuid, unit_price, unit, product_code, article_code,
    archived, backend_id, offering_id)
SELECT now(), now(), '', 'Standard', gen_random_uuid(), 10, 'month', '', '', false, '', id FROM marketplace_offering ORDER BY id;

CREATE TEMP TABLE made AS
SELECT n, now() - (:orders - n) * interval '20 seconds' AS at,
    (SELECT min(id) FROM structure_project) - 1
        + CASE WHEN n % 10 = 0 THEN 1 ELSE 2 + n / 10 % (:customers - 1) END AS project_id,
    (SELECT min(id) FROM marketplace_offering) + n % 100 AS offering_id,
    (SELECT min(id) FROM marketplace_plan) + n % 100 AS plan_id,
    1 + n % greatest(:resources, 1) AS resource
FROM generate_series(1, :orders) n;
INSERT INTO marketplace_resource (id, created, modified, name, uuid, cost, limits, state, attributes, backend_metadata,
    current_usages, offering_id, plan_id, project_id)
SELECT DISTINCT ON (resource) resource, at, at, 'Resource ' || resource, gen_random_uuid(), 10, '{}', 2, '{"name": "agent"}', '{}', '{}',
    offering_id, plan_id, project_id FROM made ORDER BY resource, n;
-- Of a hundred 70 are done, 20 executing, 5 wait, 5 erred.
INSERT INTO marketplace_order (id, created, modified, uuid, approved_at, state, total_cost, _file, approved_by_id, created_by_id,
    project_id)
SELECT n, at, at, gen_random_uuid(), at,
    CASE WHEN n % 10000 * 31 % 100 < 70 THEN 3 WHEN n % 10000 * 31 % 100 < 90 THEN 2 WHEN n % 10000 * 31 % 100 < 95 THEN 1 ELSE 5 END,
    10, '', (SELECT id FROM core_user WHERE username = 'staff'), (SELECT id FROM core_user WHERE username = 'large'),
    project_id FROM made ORDER BY n;
INSERT INTO marketplace_orderitem (id, created, modified, uuid, error_message, cost, limits, type, attributes, state, activated,
    offering_id, order_id, plan_id, resource_id, output)
SELECT n, at, at, gen_random_uuid(), '', 10, '{}', 1, '{"name": "agent"}',
    CASE WHEN n % 10000 * 31 % 100 < 70 THEN 3 WHEN n % 10000 * 31 % 100 < 90 THEN 2 WHEN n % 10000 * 31 % 100 < 95 THEN 1 ELSE 4 END,
    at, offering_id, n, plan_id, resource, '' FROM made ORDER BY n;
VACUUM ANALYZE;
