/** What of the first exchange on a connection has gone by. */
export type HttpEnd = {
  /** Takes what the client sends. */
  readonly request: (bytes: Buffer) => void;
  /** Takes what the server sends. True once its answer is whole and it has said that nothing follows. */
  readonly response: (bytes: Buffer) => boolean;
  /** Whether the first answer is whole and the client has asked for no other. */
  readonly isIdle: () => boolean;
};

type Head = { readonly first: string; readonly fields: ReadonlyMap<string, string> };

/** Longer heads than most servers take (Node.js: 16 kB); what has none by then is left to the connection. */
const longestHead = 16_384;

/** Reads a head, which ends with an empty line; undefined fields were not sent, repeated ones are joined. */
const parseHead = (text: string): Head => {
  const [first = '', ...lines] = text.split('\r\n');
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    // no pattern: what tries blanks at each place takes seconds for a line of them
    const [key, value] = [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    fields.set(key, fields.has(key) ? `${fields.get(key)}, ${value}` : value);
  }
  return { first, fields };
};

/** Collects the bytes of a head. Gives it with the bytes behind it, or `none` for what is too long to be one. */
const headReader = () => {
  let text = '';
  return (bytes: Buffer): { readonly head: Head; readonly rest: Buffer } | 'none' | undefined => {
    const before = text.length;
    text += bytes.toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    if (end >= 0) return { head: parseHead(text.slice(0, end)), rest: bytes.subarray(end + 4 - before) };
    return text.length > longestHead ? 'none' : undefined;
  };
};

/** Counts the bytes of a body; `broken`: more came than belong to it, or they are no body. */
type Body = (bytes: Buffer) => 'more' | 'whole' | 'broken';

const sizedBody = (length: number): Body => {
  let left = length;
  return (bytes) => {
    left -= bytes.length;
    if (left === 0) return 'whole';
    return left > 0 ? 'more' : 'broken';
  };
};

type Line = { readonly text: string; readonly next: number } | 'none' | undefined;

/** Collects the bytes of a line. Gives it with where the next one begins, or `none` for what is too long to be one. */
const lineReader = () => {
  let line = '';
  return (bytes: Buffer, at: number): Line => {
    const end = bytes.indexOf('\n', at);
    line += bytes.toString('latin1', at, end < 0 ? undefined : end);
    if (end < 0) return line.length > longestHead ? 'none' : undefined;
    const text = line.replace(/\r$/, '');
    line = '';
    return { text, next: end + 1 };
  };
};

/** The chunked coding (RFC 9112, 7.1): a line with the size, as many bytes, an empty line; trailers after the last. */
const chunkedBody = (): Body => {
  const readLine = lineReader();
  let left = 0;
  let isLast = false;
  const takeLine = (text: string): ReturnType<Body> => {
    if (isLast) return text === '' ? 'whole' : 'more';
    if (!/^[0-9a-f]+(\s*;.*)?$/i.test(text)) return 'broken';
    const size = Number.parseInt(text, 16);
    isLast = size === 0;
    left = isLast ? 0 : size + 2;
    return 'more';
  };
  /** Takes up to the end of a line; gives the bytes behind it where there are more to take. */
  const step = (bytes: Buffer): ReturnType<Body> | Buffer => {
    const taken = Math.min(left, bytes.length);
    left -= taken;
    if (taken === bytes.length) return 'more';
    const line = readLine(bytes, taken);
    if (line === undefined) return 'more';
    if (line === 'none') return 'broken';
    const seen = takeLine(line.text);
    const rest = bytes.subarray(line.next);
    if (seen === 'more' && rest.length > 0) return rest;
    return seen === 'whole' && rest.length > 0 ? 'broken' : seen;
  };
  return (bytes) => {
    let seen = step(bytes);
    while (typeof seen !== 'string') seen = step(seen);
    return seen;
  };
};

const has = ({ fields }: Head, field: string, token: string): boolean =>
  fields
    .get(field)
    ?.toLowerCase()
    .split(',')
    .some((one) => one.trim() === token) ?? false;

/** Whether a message says that its connection ends with it: HTTP/1.0 unless it says otherwise, HTTP/1.1 if it says so. */
const closes = (head: Head, version: string): boolean =>
  version === '1.0' ? !has(head, 'connection', 'keep-alive') : has(head, 'connection', 'close');

/** The body that the fields of a head announce; undefined for one without a length. */
const bodyIn = (head: Head): Body | 'none' | undefined => {
  if (has(head, 'transfer-encoding', 'chunked')) return chunkedBody();
  const length = head.fields.get('content-length') ?? '';
  if (head.fields.has('transfer-encoding') || !/^\d{1,15}$/.test(length)) return undefined;
  return Number(length) === 0 ? 'none' : sizedBody(Number(length));
};

type Request = { readonly method: string; readonly closes: boolean; readonly body: Body | 'none' };

const readRequest = (head: Head): Request | undefined => {
  const [, method, version] = /^([A-Z]+) \S+ HTTP\/(1\.[01])$/.exec(head.first) ?? [];
  const hasBody = head.fields.has('transfer-encoding') || head.fields.has('content-length');
  const body = hasBody ? bodyIn(head) : 'none';
  return method && version && body ? { method, closes: closes(head, version), body } : undefined;
};

/** Follows the body of a request; true once bytes came that do not belong to it, such as the next request. */
const excess = ({ body }: Request): ((bytes: Buffer) => boolean) => {
  let seen: ReturnType<Body> = body === 'none' ? 'whole' : 'more';
  return (bytes) => {
    if (bytes.length > 0) seen = seen === 'more' && body !== 'none' ? body(bytes) : 'broken';
    return seen === 'broken';
  };
};

type Response = { readonly isInterim: boolean; readonly closes: boolean; readonly body: Body | 'none' };

const bodyOf = (head: Head, status: number, method: string): Body | 'none' | undefined => {
  if (method === 'HEAD' || status === 204 || status === 304) return 'none';
  return bodyIn(head);
};

/** Undefined for what has no end but that of the connection: an upgrade, a tunnel, a body without a length. */
const readResponse = (head: Head, { method, closes: asked }: Request): Response | undefined => {
  const [, version, code] = /^HTTP\/(1\.[01]) (\d{3})( |$)/.exec(head.first) ?? [];
  const status = Number(code);
  if (!version || status === 101 || method === 'CONNECT') return undefined;
  if (status < 200) return { isInterim: true, closes: false, body: 'none' };
  const body = bodyOf(head, status, method);
  return body && { isInterim: false, closes: asked || closes(head, version), body };
};

type Answered = { readonly answer: Response; readonly rest: Buffer };

/** Reads heads of answers until the one that is no interim one; `none` for what cannot be followed. */
const answerReader = () => {
  let read = headReader();
  const take = (bytes: Buffer, request: Request): Answered | 'none' | undefined => {
    const seen = read(bytes);
    if (seen === undefined || seen === 'none') return seen;
    const answer = readResponse(seen.head, request);
    if (!answer?.isInterim) return answer ? { answer, rest: seen.rest } : 'none';
    read = headReader();
    return take(seen.rest, request);
  };
  return take;
};

/**
 * Follows the first HTTP exchange of a connection: where the server closes after its answer (RFC 9112, 9.6), the end of the
 * answer is the end of the connection, and nobody need wait for the port-forward to say so, which containerd does a second
 * late. Whatever is not plainly that is left to the connection.
 */
export const followHttp = (): HttpEnd => {
  let state: 'head' | 'body' | 'whole' | 'other' = 'head';
  const [readAsked, readAnswer] = [headReader(), answerReader()];
  let request: Request | undefined;
  let answer: Response | undefined;
  let isExcess: ReturnType<typeof excess> = () => false;
  let askedMore = false;
  const isWhole = (): boolean => state === 'whole';
  const takeBody = (bytes: Buffer): void => {
    const body = answer?.body ?? 'none';
    const seen = body === 'none' ? (bytes.length === 0 ? 'whole' : 'broken') : body(bytes);
    if (seen !== 'more') state = seen === 'whole' ? 'whole' : 'other';
  };
  const takeHead = (bytes: Buffer): void => {
    const read = request ? readAnswer(bytes, request) : 'none';
    if (read === undefined) return;
    state = read === 'none' ? 'other' : 'body';
    if (read === 'none') return;
    answer = read.answer;
    takeBody(read.rest);
  };
  const takeAsked = (bytes: Buffer): void => {
    const read = readAsked(bytes);
    if (read === undefined) return;
    request = read === 'none' ? undefined : readRequest(read.head);
    if (!request || read === 'none') {
      state = 'other';
      return;
    }
    isExcess = excess(request);
    askedMore = isExcess(read.rest);
  };
  return {
    request: (bytes) => {
      if (request) askedMore ||= isWhole() || isExcess(bytes);
      else if (state === 'head') takeAsked(bytes);
    },
    response: (bytes) => {
      if (isWhole()) state = 'other';
      if (state === 'body') takeBody(bytes);
      if (state === 'head') takeHead(bytes);
      return isWhole() && answer?.closes === true;
    },
    isIdle: () => isWhole() && !askedMore,
  };
};
