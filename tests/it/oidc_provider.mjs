// A real OpenID provider (npm's oidc-provider, certified) for one client, with its own sign-in page, where the name that
// is entered is the subject. Prints its issuer. On standard input: «claims JSON» says what is said of a subject, and
// «advance MS» moves its clock. Ends with standard input.
//
//   node oidc_provider.mjs MODULES REDIRECT_URI NOW_MS CLAIMS_IN_TOKEN SAYS_WHEN

import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [modules, redirectUri, now, inToken, saysWhen] = process.argv.slice(2);

// The clock of the gateway that it is tried with stands until it is moved.
const RealDate = Date;
let offset = Number(now) - RealDate.now();
globalThis.Date = class extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(RealDate.now() + offset);
    else super(...parts);
  }
  static now() {
    return RealDate.now() + offset;
  }
};

const { default: Provider } = await import(pathToFileURL(`${modules}/oidc-provider/lib/index.js`));
// What it remarks is not for whoever reads its answers.
console.info = console.error;
const accounts = new Map();

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'secaro',
        client_secret: 'a-client-secret-of-tests',
        redirect_uris: [redirectUri],
        require_auth_time: false,
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: inToken !== 'true',
    cookies: { keys: ['of tests'] },
    pkce: { required: () => true },
    scopes: ['openid', 'email', 'profile'],
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...accounts.get(id) }) }),
    // The client is the organization's own: nobody is asked for consent.
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId,
        accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  });
  if (saysWhen !== 'true') {
    // As providers do that ignore both, and as whoever sits at the browser may do.
    provider.use(async (ctx, next) => {
      if (ctx.path === '/auth') {
        delete ctx.query.max_age;
        delete ctx.query.prompt;
      }
      await next();
    });
  }
  server.on('request', provider.callback());
  process.stdout.write(`${issuer}\n`);
});

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [word, rest] = [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)];
    if (word === 'advance') offset += Number(rest);
    if (word === 'claims') {
      const { sub, ...claims } = JSON.parse(rest);
      accounts.set(sub, claims);
    }
    process.stdout.write('done\n');
  })
  .on('close', () => process.exit(0));
