import { type ErrorId, UserError } from '../../lib/errors.ts';

/** The meaning of one of ngrok's documented errors. */
export type NgrokTrouble = {
  readonly code: string;
  readonly id: ErrorId;
  readonly cause: string;
  readonly hint: string;
};

type Meaning = Omit<NgrokTrouble, 'code'>;

const token = (cause: string): Meaning => ({
  id: 'tunnel.ngrok-token',
  cause,
  hint: 'copy the authtoken from the ngrok dashboard into the variable NGROK_AUTHTOKEN, or run: ngrok config add-authtoken',
});

const address = (cause: string): Meaning => ({
  id: 'tunnel.ngrok-address',
  cause,
  hint: 'reserve that address in the ngrok dashboard for the account of the authtoken, or leave it out to get one',
});

const old: Meaning = {
  id: 'tunnel.ngrok-old',
  cause: 'ngrok no longer serves agents of this version',
  hint: 'run: ngrok update',
};

/** The codes of https://ngrok.com/docs/errors that an agent, or a request to the public end, can get. */
const meanings: Readonly<Record<number, Meaning>> = {
  105: token('the authtoken does not look like one of ngrok'),
  106: token('the authtoken is one of ngrok version 1'),
  107: token('the authtoken was reset or revoked'),
  108: {
    id: 'tunnel.ngrok-limit',
    cause: 'the account already runs as many agents as its plan allows',
    hint: 'stop the other agent (the ngrok dashboard lists all), or use a second account or a larger plan',
  },
  120: old,
  121: old,
  123: {
    id: 'tunnel.ngrok-account',
    cause: 'the e-mail address of the account is not verified',
    hint: 'verify it in the ngrok dashboard',
  },
  300: token('the authtoken was revoked'),
  302: token('ngrok got no authtoken'),
  307: address('the TCP address is not reserved'),
  308: address('the authtoken may not use that address'),
  309: address('the TCP address is reserved for another account'),
  310: address('the plan of the account has no reserved addresses'),
  313: address('the plan of the account has no addresses of its own choice'),
  316: address('the authtoken may not use that domain'),
  319: address('the domain is not reserved'),
  320: address('the domain is reserved for another account'),
  324: {
    id: 'tunnel.ngrok-limit',
    cause: 'the plan of the account does not allow that many endpoints on one agent',
    hint: 'take the other endpoints out of the configuration of ngrok, or use a larger plan',
  },
  334: {
    id: 'tunnel.ngrok-taken',
    cause: 'another agent serves that address',
    hint: 'stop the other agent (the ngrok dashboard lists all), or choose another domain',
  },
  702: {
    id: 'tunnel.ngrok-rate',
    cause: 'more connections each minute than the plan of the account allows',
    hint: 'start fewer tasks at once, or use a larger plan',
  },
  3004: {
    id: 'tunnel.ngrok-upstream',
    cause: 'what listens on the local port does not speak HTTP',
    hint: 'is the port that of the master, and does the master serve http rather than https?',
  },
  3200: {
    id: 'tunnel.ngrok-offline',
    cause: 'no agent serves that address',
    hint: 'start the tunnel, or check whether its address has changed',
  },
  4018: token('ngrok got no authtoken'),
  7113: address('the TCP address is not reserved'),
  7114: address('the TCP address is reserved for another account'),
  8012: {
    id: 'tunnel.ngrok-upstream',
    cause: 'the agent could not connect to the local port',
    hint: 'start the master, or fix its port',
  },
  8013: {
    id: 'tunnel.ngrok-account',
    cause: 'a free account gets TCP addresses only with a payment card on file',
    hint: 'add a card in the ngrok dashboard, or leave the TCP address out and use https',
  },
};

const policy: Meaning = {
  id: 'tunnel.ngrok-policy',
  cause: 'ngrok refuses the traffic policy',
  hint: 'fix the file of ngrok.trafficPolicyFile',
};

const unknown: Meaning = {
  id: 'tunnel.ngrok-refused',
  cause: 'ngrok refuses',
  hint: 'look the code up at https://ngrok.com/docs/errors',
};

const blocked: Meaning = {
  id: 'tunnel.ngrok-account',
  cause: 'the account or the token does not admit an agent from here, or in this way',
  hint: 'see IP restrictions, the token and the plan in the ngrok dashboard',
};

const suspended: Meaning = {
  id: 'tunnel.ngrok-account',
  cause: 'the account is suspended, or gone',
  hint: 'see the ngrok dashboard (billing), or write to support@ngrok.com',
};

const tooMany: Meaning = {
  id: 'tunnel.ngrok-limit',
  cause: 'the plan of the account does not allow that many sessions or endpoints',
  hint: 'stop other agents (the ngrok dashboard lists all), or use a larger plan',
};

const tooFast: Meaning = {
  id: 'tunnel.ngrok-rate',
  cause: 'more in a short time than the plan of the account allows',
  hint: 'wait, start fewer tasks at once, or use a larger plan',
};

const passing: Meaning = {
  id: 'tunnel.ngrok-unreachable',
  cause: 'ngrok has a trouble of its own',
  hint: 'it is tried again; see https://status.ngrok.com',
};

/** The codes that have no entry of their own above, by class: from the first to the last, each of https://ngrok.com/docs/errors. */
const classes: readonly (readonly [from: number, to: number, Meaning])[] = [
  [102, 103, suspended],
  [109, 112, old],
  [115, 118, blocked],
  [119, 119, old],
  [122, 122, blocked],
  [124, 125, old],
  [126, 127, blocked],
  [128, 128, passing],
  [205, 205, suspended],
  [206, 208, token('what is set is no authtoken of an agent')],
  [220, 220, blocked],
  [301, 304, token('ngrok got no authtoken that may do this')],
  [305, 322, address('the account or the authtoken may not use that address')],
  [323, 323, token('ngrok got no authtoken')],
  [326, 331, address('that is no domain that ngrok can serve')],
  [332, 332, old],
  [333, 333, passing],
  [335, 335, old],
  [336, 338, suspended],
  [339, 340, token('ngrok got no authtoken')],
  [341, 346, policy],
  [347, 347, address('that is no domain that ngrok can serve')],
  [348, 348, tooMany],
  [349, 349, tooFast],
  [350, 350, tooMany],
  [351, 351, tooFast],
  [352, 352, token('ngrok got no authtoken')],
  [353, 353, tooFast],
  [354, 356, address('the account or the authtoken may not use that address')],
  [357, 357, token('ngrok got no authtoken')],
  [358, 395, policy],
  [396, 397, address('that is no domain that ngrok can serve')],
  [398, 398, policy],
  [399, 399, address('the authtoken may not use that address')],
  [700, 799, tooFast],
  [2200, 2299, policy],
  [7100, 7199, address('the account may not use that address')],
  [9009, 9009, blocked],
  [9040, 9040, blocked],
];

const meaningOf = (number: number): Meaning =>
  meanings[number] ?? classes.find(([from, to]) => number >= from && number <= to)?.[2] ?? unknown;

/** The ngrok error whose code is in a log record or a page, if there is one. */
export const findNgrokTrouble = (text: string): NgrokTrouble | undefined => {
  const [code, number] = /ERR_NGROK_(\d+)/.exec(text) ?? [];
  return code === undefined ? undefined : { code, ...meaningOf(Number(number)) };
};

/**
 * Errors that stay until the user has fixed something. Not `-limit` and `-taken`: a session of this agent that lost its
 * network counts until ngrok misses its heartbeats.
 */
export const finalNgrokErrors: readonly ErrorId[] = [
  'tunnel.ngrok-missing',
  'tunnel.ngrok-old',
  'tunnel.ngrok-config',
  'tunnel.ngrok-confined',
  'tunnel.ngrok-token',
  'tunnel.ngrok-account',
  'tunnel.ngrok-address',
  'tunnel.ngrok-policy',
];

/** ngrok's message on one line, without the authtoken that some of its errors repeat. */
export const withoutToken = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/(authtoken: ?)\S+/gi, '$1(hidden)')
    .trim();

const withoutCode: readonly (readonly [RegExp, Omit<Meaning, 'cause'>])[] = [
  [
    /configuration file|yaml:|unknown (flag|shorthand)/i,
    {
      id: 'tunnel.ngrok-config',
      hint: 'run: ngrok config check; and ngrok config upgrade where the file is an old one',
    },
  ],
  [/policy/i, { id: 'tunnel.ngrok-policy', hint: 'fix the file of ngrok.trafficPolicyFile' }],
  [
    /failed to dial|dial tcp|authentication request|no such host|i\/o timeout|heartbeat|CRL/,
    {
      id: 'tunnel.ngrok-unreachable',
      hint: 'let this machine reach connect.ngrok-agent.com:443 (firewall, DNS, HTTPS_PROXY); ngrok diagnose has details',
    },
  ],
];

/** The error for an agent's message: by its code, or else by its text. */
export const ngrokError = (text: string): UserError => {
  const trouble = findNgrokTrouble(text);
  const message = withoutToken(text);
  if (trouble) return new UserError(`ngrok: ${trouble.cause}: ${message}`, { id: trouble.id, hint: trouble.hint });
  const [, known] = withoutCode.find(([pattern]) => pattern.test(text)) ?? [];
  return new UserError(
    `ngrok: ${message}`,
    known ?? {
      id: 'tunnel.ngrok-ended',
      hint: 'its words are in logs/tunnel.log of the instance; try by hand: ngrok http 80',
    },
  );
};
