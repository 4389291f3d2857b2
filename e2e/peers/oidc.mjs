// An OpenID Connect provider for tests. It prints one JSON line when it listens:
//   node oidc.mjs --issuer URL [--port N] --callback URL --logout URL [--signed]
// It knows everybody: whoever logs in as ada is ada@example.org, verified; as
// eve-unverified the address is not verified. With --signed it gives what it
// knows of people as a signed token, as ProConnect does.
import { parseArgs } from "node:util";
import Provider from "oidc-provider";

const { values } = parseArgs({
  options: {
    issuer: { type: "string" },
    port: { type: "string", default: "0" },
    callback: { type: "string" },
    logout: { type: "string" },
    signed: { type: "boolean", default: false },
  },
});

const provider = new Provider(values.issuer, {
  clients: [
    {
      client_id: "grenier",
      client_secret: "a-secret-of-the-tests-of-grenier",
      redirect_uris: [values.callback],
      post_logout_redirect_uris: [values.logout],
      grant_types: ["authorization_code"],
      response_types: ["code"],
      ...(values.signed && { userinfo_signed_response_alg: "RS256" }),
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["given_name", "family_name", "usual_name"] },
  features: { devInteractions: { enabled: true }, jwtUserinfo: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  pkce: { required: () => true },
  cookies: { keys: ["tests"] },
  async findAccount(_ctx, id) {
    return {
      accountId: id,
      async claims() {
        return {
          sub: id,
          email: `${id}@example.org`,
          email_verified: !id.endsWith("-unverified"),
          given_name: id[0].toUpperCase() + id.slice(1),
          usual_name: values.signed ? "Usuelle" : undefined,
          family_name: "Lovelace",
        };
      },
    };
  },
});
provider.proxy = true;
provider.on("server_error", (_ctx, error) => process.stderr.write(String(error.stack) + "\n"));
const server = provider.listen(Number(values.port), "127.0.0.1", () => {
  process.stdout.write(JSON.stringify({ listening: server.address().port }) + "\n");
});
