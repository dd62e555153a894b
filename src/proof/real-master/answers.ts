import { UserError } from '../../lib/errors.ts';
import { isFields, parseFields } from '../../lib/json.ts';
import type { MasterAnswer } from './http.ts';

type Asked = {
  readonly request: string;
  readonly answer: MasterAnswer;
  /** What was sent in confidence, for a login: then the answer may have that, or a token. */
  readonly secrets?: readonly string[];
};
type Refusal = { readonly id: `proof.${string}`; readonly message: string; readonly hint: string };

/** Recognises one reason why an answer is not the wanted one. */
type AnswerRule = (asked: Asked) => Refusal | undefined;

/** The text of a refusal: `{"error": {"error": ...}}` of the API, `{"message": ...}` of the master's own pages. */
export const refusalIn = (text: string): string => {
  const { error, message } = parseFields(text);
  const said = [isFields(error) ? error.error : error, message].find((one) => typeof one === 'string');
  return typeof said === 'string' ? said.slice(0, 1000) : text.slice(0, 300);
};

const proxyHint = 'give the URL of the master; a proxy in front of it must forward all paths';

const sizeOf = (text: string): string => `${text.length} characters`;

/** Nothing of an answer to a login is quoted but the words of a refusal. */
const quoted = ({ request, answer: { status, text }, secrets }: Asked): string =>
  `${request} gave ${status} ${secrets ? `and ${sizeOf(text)}` : JSON.stringify(text.slice(0, 80))}`;

/** A master's tokens are PASETOs (`v2.public...`); no word of a refusal is as long as any token. */
const tokenLike = /v\d\.(?:public|local)\.|[\w.+/=-]{40,}/;

/** The words of a refused login, unless they may have what nobody is to see. */
const refusalOfLogin = ({ answer: { text }, secrets = [] }: Asked): string => {
  const { error, message } = parseFields(text);
  const words = refusalIn(text);
  const isStructured = isFields(error) || [error, message].some((one) => typeof one === 'string');
  const isSecret = tokenLike.test(words) || secrets.some((secret) => secret !== '' && text.includes(secret));
  return isStructured && !isSecret ? words : `(${sizeOf(text)})`;
};

const isPage = ({ text }: MasterAnswer): boolean => /^\s*<(?:!doctype html|html|head|body)\b/i.test(text);

/** Words of Go's net/http, for a server that does not choose by the first bytes. */
const wrongScheme: AnswerRule = ({ answer: { status, text } }) =>
  status === 400 && /HTTP request .*to an? HTTPS/i.test(text)
    ? {
        id: 'proof.master-scheme',
        message: 'the master speaks https, but its URL has http',
        hint: 'give its URL with https://',
      }
    : undefined;

const originIn = (location: string): string | undefined => URL.parse(location)?.origin;

/** A master leads nobody away but to its login page, which only a session that it does not know any more gets to see. */
const ledAway: AnswerRule = ({ request, answer, secrets }) => {
  const { status } = answer;
  const location = secrets ? answer.location?.split(/[?#]/)[0] : answer.location;
  if (status < 300 || status > 399 || location === undefined) return undefined;
  const message = `${request} is redirected (${status}) to ${location.slice(0, 200)}`;
  if (/^(?:https?:\/\/[^/]+)?\/det\/login/.test(location)) {
    return {
      id: 'proof.master-refused',
      message: `the master does not know the session any more: ${message}`,
      hint: 'run the command again: was the master started anew with another database, or the token revoked?',
    };
  }
  const origin = originIn(location);
  return {
    id: 'proof.not-a-master',
    message: `something in front of the master redirects: ${message}`,
    hint: origin
      ? `if that is the master, give ${origin} as its URL; a proxy that wants a login must let this host through`
      : proxyHint,
  };
};

/** The master itself never answers `/info` or its API so; a gateway does whose upstream is down. */
const nothingBehind: AnswerRule = (asked) =>
  [502, 503, 504].includes(asked.answer.status)
    ? {
        id: 'proof.master-unreachable',
        message: `a proxy answers in place of the master: ${quoted(asked)}`,
        hint: 'start the master, or wait until it is ready (its log: accepting incoming connections), and check where the proxy leads',
      }
    : undefined;

const page: AnswerRule = (asked) =>
  isPage(asked.answer)
    ? {
        id: 'proof.not-a-master',
        message: `no Determined master: ${quoted(asked)}`,
        hint: `a web page answers in place of the master's API; ${proxyHint}`,
      }
    : undefined;

const other: AnswerRule = (asked) => ({
  id: 'proof.not-a-master',
  message: `no Determined master: ${quoted(asked)}`,
  hint: proxyHint,
});

/** `/info` is open: who wants to know who asks is in front of the master. */
const guarded: AnswerRule = (asked) =>
  [401, 403, 407].includes(asked.answer.status)
    ? {
        id: 'proof.not-a-master',
        message: `something in front of the master asks for a login of its own: ${quoted(asked)}`,
        hint: "a master's /info is open; give a URL that leads to the master itself",
      }
    : undefined;

const wrongPassword: AnswerRule = (asked) =>
  [401, 403].includes(asked.answer.status)
    ? {
        id: 'proof.master-login',
        message: `${asked.answer.status} ${refusalOfLogin(asked)}`,
        hint: 'correct the user name or the password; for a master that taskgate configured, the password is in master.yaml',
      }
    : undefined;

const loginFailed: AnswerRule = (asked) => ({
  id: 'proof.master-login',
  message: `${asked.answer.status} ${refusalOfLogin(asked)}`,
  hint: 'the password is not the cause: see the log of the master, and whether it reaches its database',
});

const refused = (status: number, hint: string): AnswerRule => {
  return ({ request, answer }) =>
    answer.status === status
      ? { id: 'proof.master-refused', message: `${request} gave ${status}: ${refusalIn(answer.text)}`, hint }
      : undefined;
};

const unknownPool: AnswerRule = ({ request, answer: { status, text } }) =>
  /(?:could not|cannot) find resource pool/.test(text)
    ? {
        id: 'proof.master-refused',
        message: `${request} gave ${status}: ${refusalIn(text)}`,
        hint: 'give --master-pool with a pool of the master, or leave it out',
      }
    : undefined;

const otherRefusal: AnswerRule = ({ request, answer: { status, text } }) => ({
  id: 'proof.master-refused',
  message: `${request} gave ${status}: ${refusalIn(text)}`,
  hint: 'fix what the master reports',
});

/** For each kind of request, most specific first; the last one always matches. */
const rules = {
  info: [wrongScheme, ledAway, nothingBehind, guarded, page, other],
  login: [ledAway, nothingBehind, wrongPassword, page, loginFailed],
  call: [
    ledAway,
    nothingBehind,
    page,
    unknownPool,
    refused(401, 'the session has ended: run the command again; was the master started anew with another database?'),
    refused(403, 'give --master-user a user that may run commands in the workspace Uncategorized'),
    otherRefusal,
  ],
} as const satisfies Record<string, readonly AnswerRule[]>;

/**
 * Why an answer of a master, or of what stands in its place, is none that can be used: `proof.master-*`, `proof.not-a-master`.
 * Of an answer to a login only a refusal's words are shown, and not where these have one of `secrets` or a token.
 */
export const explainAnswer = (
  kind: keyof typeof rules,
  request: string,
  { secrets = [], ...answer }: MasterAnswer & { readonly secrets?: readonly string[] },
): UserError => {
  const asked = { request, answer, ...(kind === 'login' && { secrets }) };
  const found = rules[kind].reduce<Refusal | undefined>((first, rule) => first ?? rule(asked), undefined);
  const { id, message, hint } = found ?? { id: 'proof.not-a-master' as const, message: quoted(asked), hint: proxyHint };
  return new UserError(message, { id, hint });
};
