// A real OpenID provider on a free port, laid out like Keycloak: `issuer/protocol/openid-connect/…`, roles in
// `realm_access`. Whoever types a name is that person; a name that begins with “staff” is given the role.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const REALM = "/realms/test";

/** Starts it; `market` is where our server is, whose paths it sends browsers and logout tokens to. */
export async function startProvider(port, market) {
  // The package lives with the other tools, and is a module that only `import` reads.
  const tools = createRequire(join(process.env.CMP_NPM, "package.json"));
  const { Provider } = await import(pathToFileURL(tools.resolve("oidc-provider")).href);
  const issuer = `http://127.0.0.1:${port}${REALM}`;
  const said = [];
  const claims = (id) => ({
    sub: id,
    email: `${id}@example.org`,
    email_verified: !id.startsWith("unverified"),
    name: `${id[0].toUpperCase()}${id.slice(1)} Provided`,
    realm_access: { roles: id.startsWith("staff") ? ["offline_access", "staff"] : ["offline_access"] },
  });
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "cmp",
        client_secret: "a secret of the tests",
        redirect_uris: [`${market}/api-auth/oidc/callback/`],
        post_logout_redirect_uris: [`${market}/`],
        backchannel_logout_uri: `${market}/api-auth/oidc/backchannel-logout/`,
        backchannel_logout_session_required: true,
        grant_types: ["authorization_code"],
        response_types: ["code"],
        scope: "openid profile email",
      },
    ],
    claims: { openid: ["sub", "sid", "realm_access"], email: ["email", "email_verified"], profile: ["name"] },
    findAccount: (_, id) => ({ accountId: id, claims: async () => claims(id) }),
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    routes: {
      authorization: "/protocol/openid-connect/auth",
      token: "/protocol/openid-connect/token",
      userinfo: "/protocol/openid-connect/userinfo",
      jwks: "/protocol/openid-connect/certs",
      end_session: "/protocol/openid-connect/logout",
    },
    // By itself it refuses to call the loopback interface, where everything of a test is.
    fetch: (url, { dispatcher: _, ...options } = {}) => fetch(url, options),
  });
  for (const event of ["backchannel.success", "backchannel.error", "server_error", "grant.error"]) {
    provider.on(event, (...told) => said.push([event, told.map((one) => one?.message ?? one?.error_description ?? "").join(" ")]));
  }
  const answer = provider.callback();
  const server = createServer((request, response) => {
    if (!request.url.startsWith(REALM)) {
      response.statusCode = 404;
      return response.end();
    }
    request.originalUrl = request.url;
    request.url = request.url.slice(REALM.length) || "/";
    return answer(request, response);
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  const stop = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { issuer, said, stop };
}
