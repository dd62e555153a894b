import { readFile } from 'node:fs/promises';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';
import type { Probe } from './spec.ts';

const timeoutMs = 2_000;

const readFileIfAny = async (path: string | undefined) => (path ? readFile(path) : undefined);

const answersOnSocket = (path: string): Promise<string | true> =>
  new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', ({ message }) => resolve(message));
  });

const answersHttp = async ({ url, tls }: Extract<Probe, { kind: 'http' }>): Promise<string | true> => {
  const [ca, cert, key] = await Promise.all([tls?.caPath, tls?.certPath, tls?.keyPath].map(readFileIfAny));
  const options = { timeout: timeoutMs, agent: false, ca, cert, key, rejectUnauthorized: ca !== undefined };
  return new Promise((resolve) => {
    const send = url.startsWith('https:') ? requestHttps : requestHttp;
    const request = send(url, options, (response) => {
      response.resume();
      resolve(response.statusCode === 200 || `answers ${response.statusCode}`);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer in ${timeoutMs} ms`)));
    request.on('error', ({ message }) => resolve(message));
    request.end();
  });
};

/** Looks once: `true` when the child works, otherwise what was seen. Never throws for a child that does not answer. */
export const probeOnce = async (probe: Probe): Promise<string | true> => {
  try {
    return await (probe.kind === 'http' ? answersHttp(probe) : answersOnSocket(probe.path));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};
