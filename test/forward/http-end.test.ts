import { expect, test } from 'vitest';
import { followHttp } from '../../src/forward/http-end.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Whether the answer ends the connection, given in pieces of so many bytes. */
const ends = (request: string, answer: string, piece = answer.length): boolean => {
  const http = followHttp();
  http.request(bytes(request));
  let ended = false;
  for (let at = 0; at < answer.length; at += piece) {
    expect(ended).toBe(false);
    ended = http.response(bytes(answer.slice(at, at + piece)));
  }
  return ended;
};

const get10 = 'GET / HTTP/1.0\r\n\r\n';
const get11 = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const getClose = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const sized = (more = '') => `HTTP/1.1 200 OK\r\n${more}Content-Length: 5\r\n\r\nhello`;
const chunked = (more = '') =>
  `HTTP/1.1 200 OK\r\n${more}Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n1A\r\n${'x'.repeat(26)}\r\n0\r\nTrailer: y\r\n\r\n`;
const close = 'Connection: close\r\n';

test.each([
  ['HTTP/1.0', get10, 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello'],
  ['HTTP/1.0 to a server of HTTP/1.1', get10, sized()],
  ['the client asks for it', getClose, sized()],
  ['the server says it', get11, sized('connection: Keep-Alive, Close\r\n')],
  ['chunked, with an extension and a trailer', get11, chunked(close)],
  ['no body', get11, `HTTP/1.1 204 No Content\r\n${close}\r\n`],
  ['an empty body', get11, `HTTP/1.1 500 Oh\r\n${close}Content-Length: 0\r\n\r\n`],
  ['a HEAD', get10.replace('GET', 'HEAD'), 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'],
  ['an interim answer before', getClose, `HTTP/1.1 100 Continue\r\n\r\n${sized()}`],
])('the whole answer is the end: %s', (_, request, answer) => {
  for (const piece of [answer.length, 1, 7]) expect(ends(request, answer, piece)).toBe(true);
  expect(ends(request, answer.slice(0, -1))).toBe(false);
});

test.each([
  ['a connection that is kept', get11, sized()],
  ['HTTP/1.0 that is kept', 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', sized('Connection: keep-alive\r\n')],
  ['a body that ends with the connection', get10, 'HTTP/1.0 200 OK\r\n\r\nhello'],
  ['an upgrade', getClose, `HTTP/1.1 101 Switching Protocols\r\n${close}Content-Length: 0\r\n\r\n`],
  ['a tunnel', 'CONNECT x:1 HTTP/1.0\r\n\r\n', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['more than the length says', getClose, `${sized()}!`],
  ['more than the last chunk', getClose, `${chunked()}!`],
  ['a length that is none', getClose, 'HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello'],
  ['a chunk that is none', getClose, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n'],
  ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', sized(close)],
  ['no HTTP in the answer', get10, 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
  ['an answer before the question', '', sized(close)],
  ['a head without an end', get10, 'HTTP/1.0 200 OK\r\n'.padEnd(70_000, 'x')],
])('left to the connection: %s', (_, request, answer) => {
  expect(ends(request, answer)).toBe(false);
});

test('a client that ends after a whole answer, and asked for nothing else, wants no more', () => {
  const http = followHttp();
  http.request(bytes(get11));
  expect(http.isIdle()).toBe(false);
  expect(http.response(bytes(sized()))).toBe(false);
  expect(http.isIdle()).toBe(true);
  http.request(bytes(get11));
  expect(http.isIdle()).toBe(false);
});

const post = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody`;

test.each([
  ['behind the first, in one piece', [get11 + get11]],
  ['behind the first, in two pieces', [get11.slice(0, 20), get11.slice(20) + get11]],
  ['while the answer is awaited', [get11, get11]],
  ['behind a body', [post + get11]],
  ['behind a body in pieces', [post.slice(0, -2), 'dy', 'GET']],
  ['behind chunks', [`POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n${get11}`]],
])('a client that has asked twice wants a second answer, though it has ended: %s', (_, requests) => {
  const http = followHttp();
  for (const request of requests) http.request(bytes(request));
  http.response(bytes(sized()));
  expect(http.isIdle()).toBe(false);
});

test.each([
  ['a body of a known length', [post]],
  ['a body in pieces', [post.slice(0, -4), 'bo', 'dy']],
  ['chunks', ['POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n']],
  ['an empty body', [post.replace('4', '0').slice(0, -4)]],
])('the body of a request is no second one: %s', (_, requests) => {
  const http = followHttp();
  for (const request of requests) http.request(bytes(request));
  http.response(bytes(sized()));
  expect(http.isIdle()).toBe(true);
});

test.each([
  ['a field', (blanks: string) => `GET / HTTP/1.1\r\nX: a${blanks}b\r\n\r\n`],
  ['a list', (blanks: string) => `GET / HTTP/1.1\r\nConnection: a${blanks}b\r\n\r\n`],
  ['a name', (blanks: string) => `GET / HTTP/1.1\r\n${blanks}a\r\n\r\n`],
])('%s of blanks alone holds nobody up', (_, headOf) => {
  const http = followHttp();
  const startMs = performance.now();
  for (let round = 0; round < 5; round++) followHttp().request(bytes(headOf(' '.repeat(16_000))));
  http.request(bytes(headOf(' '.repeat(60_000))));
  expect(performance.now() - startMs).toBeLessThan(100);
});
