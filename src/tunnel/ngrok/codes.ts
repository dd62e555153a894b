import type { ErrorId } from '../../lib/errors.ts';

/** The meaning of one of ngrok's documented errors. */
export type Meaning = { readonly id: ErrorId; readonly cause: string; readonly hint: string };

const token = (cause: string): Meaning => ({
  id: 'tunnel.ngrok-token',
  cause,
  hint: 'copy the authtoken from the ngrok dashboard into the variable NGROK_AUTHTOKEN, or run: ngrok config add-authtoken',
});

const noToken = token('ngrok got no authtoken');

const address = (cause: string): Meaning => ({
  id: 'tunnel.ngrok-address',
  cause,
  hint: 'reserve that address in the ngrok dashboard for the account of the authtoken, or leave it out to get one',
});

const account = (cause: string, hint: string): Meaning => ({ id: 'tunnel.ngrok-account', cause, hint });
const limit = (cause: string, hint: string): Meaning => ({ id: 'tunnel.ngrok-limit', cause, hint });
const rate = (cause: string, hint: string): Meaning => ({ id: 'tunnel.ngrok-rate', cause, hint });
const upstream = (cause: string, hint: string): Meaning => ({ id: 'tunnel.ngrok-upstream', cause, hint });

const quota = (what: string): Meaning => ({
  id: 'tunnel.ngrok-quota',
  cause: `the account has used up its ${what} for this month`,
  hint: 'wait for the next month, use a larger plan (https://dashboard.ngrok.com/usage), or another way back: --master-reach ssh or url',
});

const config = (cause: string): Meaning => ({
  id: 'tunnel.ngrok-config',
  cause,
  hint: 'fix it in the configuration of ngrok (ngrok config edit), then run: ngrok config check',
});

const old: Meaning = {
  id: 'tunnel.ngrok-old',
  cause: 'ngrok no longer serves agents of this version',
  hint: 'run: ngrok update',
};

const policy: Meaning = {
  id: 'tunnel.ngrok-policy',
  cause: 'ngrok refuses the traffic policy',
  hint: 'fix the file of ngrok.trafficPolicyFile',
};

const passing: Meaning = {
  id: 'tunnel.ngrok-unreachable',
  cause: 'ngrok has a trouble of its own',
  hint: 'it is tried again; see https://status.ngrok.com',
};

const unconnected: Meaning = {
  id: 'tunnel.ngrok-unreachable',
  cause: 'the agent does not reach ngrok',
  hint: 'let this machine reach connect.ngrok-agent.com:443 (firewall, DNS, HTTPS_PROXY); ngrok diagnose has details',
};

const offline: Meaning = {
  id: 'tunnel.ngrok-offline',
  cause: 'no agent serves that address',
  hint: 'start the tunnel, or check whether its address has changed',
};

const blocked = account(
  'the account or the token does not admit an agent from here, or in this way',
  'see IP restrictions, the token and the plan in the ngrok dashboard',
);
const suspended = account(
  'the account is suspended, or gone',
  'see the ngrok dashboard (billing), or write to support@ngrok.com',
);
const unverified = account(
  'the e-mail address of the account is not verified',
  'verify it in the ngrok dashboard: https://dashboard.ngrok.com/user/settings',
);
const unpaid = account(
  'the plan of the account does not have that feature',
  'take it out of the configuration of ngrok or the traffic policy, or use a larger plan',
);
const proxied = account(
  'an agent behind a proxy needs a paid plan',
  'unset HTTPS_PROXY, HTTP_PROXY and ALL_PROXY and take proxy_url out of the configuration of ngrok if this machine reaches ngrok without; else use a larger plan, or --master-reach ssh or url',
);
const minuteRate = rate(
  'more connections or requests each minute than the plan of the account allows',
  'it passes within a minute; start fewer tasks at once, or use a larger plan',
);
const tooMany = limit(
  'the plan of the account does not allow that many sessions or endpoints',
  'stop other agents (the ngrok dashboard lists all), or use a larger plan',
);
const tooFast = rate(
  'more in a short time than the plan of the account allows',
  'wait, start fewer tasks at once, or use a larger plan',
);
const agentsFull = limit(
  'the account already runs as many agents as its plan allows',
  'stop the other agent (the ngrok dashboard lists all), or use a second account or a larger plan',
);
const endpointsFull = limit(
  'the plan of the account does not allow that many endpoints on one agent',
  'take the other endpoints out of the configuration of ngrok, or use a larger plan',
);
const taken: Meaning = {
  id: 'tunnel.ngrok-taken',
  cause: 'another agent serves that address',
  hint: 'stop the other agent (the ngrok dashboard lists all), or choose another domain',
};
const sameTime = rate(
  'more connections at the same time than the plan of the account allows',
  'it passes when some of them end; start fewer tasks at once, or use a larger plan',
);
const notHttp = upstream(
  'what listens on the local port does not speak HTTP',
  'is the port that of the master, and does the master serve http rather than https?',
);
const warningPage = account(
  'ngrok puts its warning page for browsers before the endpoint',
  'it shows it to clients that call themselves browsers only: leave the User-Agent of tasks alone, or use a larger plan',
);
const noCard = account(
  'a free account gets TCP addresses only with a payment card on file',
  'add a card in the ngrok dashboard, or leave the TCP address out and use https',
);
const notFromHere = account(
  "ngrok admits no agents from this machine's address",
  'ngrok makes no exceptions: leave the VPN or the anonymizing proxy, or use another way back: --master-reach ssh or url',
);
const badDomain = address('that is no domain that ngrok can serve');
const refusedAddress = address('the account or the authtoken may not use that address');

/** The codes of https://ngrok.com/docs/errors that an agent, or a request to the public end, can get: the first row counts. */
const table: readonly (readonly [from: number, to: number, Meaning])[] = [
  [100, 100, config('its metadata is too long')],
  [102, 103, suspended],
  [105, 105, token('the authtoken does not look like one of ngrok')],
  [106, 106, token('the authtoken is one of ngrok version 1')],
  [107, 107, token('the authtoken was reset or revoked')],
  [108, 108, agentsFull],
  [109, 110, old],
  [111, 112, config('its heartbeat_interval or heartbeat_tolerance is too short')],
  [115, 118, blocked],
  [119, 121, old],
  [122, 122, blocked],
  [123, 123, unverified],
  [124, 125, old],
  [126, 127, blocked],
  [128, 128, passing],
  [205, 205, suspended],
  [206, 208, token('what is set is no authtoken of an agent')],
  [220, 220, blocked],
  [225, 226, tooFast],
  [247, 247, suspended],
  [300, 300, token('the authtoken was revoked')],
  [301, 301, old],
  [302, 306, noToken],
  [307, 307, address('the TCP address is not reserved')],
  [308, 308, address('the authtoken may not use that address')],
  [309, 309, address('the TCP address is reserved for another account')],
  [310, 310, address('the plan of the account has no reserved addresses')],
  [313, 313, address('the plan of the account has no addresses of its own choice')],
  [316, 316, address('the authtoken may not use that domain')],
  [319, 319, address('the domain is not reserved')],
  [320, 320, address('the domain is reserved for another account')],
  [311, 322, refusedAddress],
  [323, 323, noToken],
  [324, 324, endpointsFull],
  [326, 331, badDomain],
  [332, 332, old],
  [333, 333, passing],
  [334, 334, taken],
  [335, 335, old],
  [336, 338, suspended],
  [339, 340, noToken],
  [341, 346, policy],
  [347, 347, badDomain],
  [348, 348, tooMany],
  [349, 349, tooFast],
  [350, 350, tooMany],
  [351, 351, tooFast],
  [352, 353, noToken],
  [354, 356, refusedAddress],
  [357, 357, noToken],
  [358, 358, unpaid],
  [380, 380, passing],
  [381, 381, address('the address is reserved by an edge of the account')],
  [382, 382, unverified],
  [394, 394, config('one of its tunnels has neither a protocol nor labels')],
  [395, 395, refusedAddress],
  [359, 393, policy],
  [396, 397, badDomain],
  [398, 398, policy],
  [399, 399, address('the authtoken may not use that address')],
  [400, 400, config('its region is none of ngrok')],
  [702, 703, minuteRate],
  [708, 708, token('the address has expired, as those without an account do')],
  [714, 714, sameTime],
  [715, 715, minuteRate],
  [716, 717, noToken],
  [719, 719, noToken],
  [721, 721, noToken],
  [718, 720, tooFast],
  [722, 722, passing],
  [724, 724, offline],
  [725, 725, quota('bandwidth')],
  [727, 727, quota('HTTP requests')],
  [726, 731, quota('connections')],
  [734, 734, minuteRate],
  [741, 741, passing],
  [732, 740, quota('traffic policy requests or connections')],
  [700, 799, tooFast],
  [802, 803, passing],
  [2200, 2299, policy],
  [3004, 3004, notHttp],
  [3200, 3200, offline],
  [3208, 3208, account('the account was banned', 'write to support@ngrok.com, or use another way back')],
  [4018, 4018, noToken],
  [6008, 6008, suspended],
  [6022, 6022, noToken],
  [6024, 6024, warningPage],
  [7113, 7113, address('the TCP address is not reserved')],
  [7114, 7114, address('the TCP address is reserved for another account')],
  [7100, 7199, address('the account may not use that address')],
  [8000, 8011, unconnected],
  [8012, 8012, upstream('the agent could not connect to the local port', 'start the master, or fix its port')],
  [8013, 8013, noCard],
  [8014, 8014, suspended],
  [9009, 9010, proxied],
  [9021, 9021, config('it has more than one of subdomain, hostname and domain')],
  [9025, 9026, policy],
  [9000, 9027, unpaid],
  [9028, 9039, badDomain],
  [9040, 9040, notFromHere],
  [9042, 9042, { ...old, cause: 'ngrok serves TLS endpoints to agents from 3.24 on only' }],
  [10_000, 10_000, passing],
];

const unknown: Meaning = {
  id: 'tunnel.ngrok-refused',
  cause: 'ngrok refuses',
  hint: 'look the code up at https://ngrok.com/docs/errors',
};

/** The meaning of the error with this number. Tested in test/tunnel/ngrok/errors.test.ts. */
export const meaningOf = (number: number): Meaning =>
  table.find(([from, to]) => number >= from && number <= to)?.[2] ?? unknown;
