/** Requests as handlers see them, and their answers in the form of the master's gRPC gateway. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { User } from '../database/users.ts';

export type Asked = {
  readonly message: IncomingMessage;
  /** What the path's pattern caught. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: () => Promise<unknown>;
  readonly token: string;
  readonly user: User;
};

/** JSON with a status, or a handler that has answered by itself. */
export type Reply = { readonly status: number; readonly body: unknown } | 'answered';
export type Handler = (asked: Asked, response: ServerResponse) => Promise<Reply> | Reply;

export type Route = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly pattern: RegExp;
  /** Without a login. */
  readonly isOpen?: boolean;
  readonly handle: Handler;
};

export const ok = (body: unknown): Reply => ({ status: 200, body });

/** Codes of gRPC, with their names and the statuses that its gateway gives for them. */
const codes = {
  invalid: [3, 'InvalidArgument', 400],
  notFound: [5, 'NotFound', 404],
  forbidden: [7, 'PermissionDenied', 403],
  unauthenticated: [16, 'Unauthenticated', 401],
  internal: [13, 'Internal', 500],
} as const;

/** A refusal that a handler throws. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly reply: Reply;

  constructor(kind: keyof typeof codes, error: string) {
    super(error);
    const [code, reason, status] = codes[kind];
    this.reply = { status, body: { error: { code, reason, error } } };
  }
}

const mostBytes = 128 * 1024 * 1024;

/** The JSON of a request. */
export const readBody = async (message: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes) throw new Refusal('invalid', 'request body too large');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (!text) return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Refusal('invalid', 'json: invalid character');
  }
};
