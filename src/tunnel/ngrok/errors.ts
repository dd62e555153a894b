import { type ErrorId, UserError } from '../../lib/errors.ts';
import { type Meaning, meaningOf } from './codes.ts';

/** One of ngrok's documented errors. */
export type NgrokTrouble = Meaning & { readonly code: string };

/** The ngrok error whose code is in a log record, a header or a page, if there is one. */
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
  'tunnel.ngrok-quota',
];

/** Behind a colon or an equals sign, quoted or in the JSON of a JSON text; and the values of the flag and the command. */
const writtenTokens = [
  /((?:authtoken|api_key)\\*["']?\s?[:=]\s?(?:\\*["'])?)[^\s"'\\,;}&]+/gi,
  /(-authtoken[ =](?:\\*["'])?)(?!\(hidden\)|<)[^\s"'\\,;}&]+/gi,
];

const longestFirst = (texts: readonly string[]) => texts.toSorted((one, other) => other.length - one.length);

/** The authtokens and API keys that a configuration of the agent has, in YAML or JSON, also where it is not well-formed. */
export const findTokens = (config: string): readonly string[] => {
  const written = /\b(?:authtoken|api_key)["']?\s*:\s*(?:[|>][-+]?\s+)?["']?([^\s"'#,}]+)/g;
  return [...config.matchAll(written)].flatMap(([, token]) => token ?? []);
};

/**
 * ngrok's message on one line, without the authtoken that some of its errors repeat, however it is written; `known` are
 * tokens to take out wherever they are.
 */
export const withoutToken = (text: string, known: readonly string[] = []): string => {
  const line = longestFirst(known).reduce((left, one) => left.replaceAll(one, '(hidden)'), text.replace(/\s+/g, ' '));
  return writtenTokens.reduce((left, pattern) => left.replace(pattern, '$1(hidden)'), line).trim();
};

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
