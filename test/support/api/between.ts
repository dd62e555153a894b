import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { KubeError } from '../../../src/lib/kube/client.ts';
import { kubeHttp } from '../../../src/lib/kube/http.ts';

/** What is done on the way to an API server and back. */
export type Between = {
  /** Given each request's address, that to ask instead. */
  readonly before: (url: URL) => Promise<URL>;
  /** Told of each line of a watch. */
  readonly onLine: (line: string) => void;
};

/** Stands between a client that only reads and an API server, until the test ends. Returns the client's kubeconfig. */
export const standBetween = async (kubeconfig: string, { before, onLine }: Between): Promise<string> => {
  const http = kubeHttp(kubeconfig);
  const server = createServer((request, response) => {
    const ending = new AbortController();
    response.on('close', () => ending.abort());
    const pass = async (): Promise<void> => {
      const url = await before(new URL(request.url ?? '/', 'http://localhost'));
      const asked = { query: Object.fromEntries(url.searchParams), signal: ending.signal };
      const answer = await http(url.pathname, asked);
      response.writeHead(200, { 'content-type': 'application/json' });
      if (!url.searchParams.has('watch')) return void response.end(await answer.text());
      for await (const line of answer.lines()) {
        onLine(line);
        response.write(`${line}\n`);
      }
      response.end();
    };
    pass().catch((error: Error) => {
      if (ending.signal.aborted) return;
      response.statusCode = error instanceof KubeError ? error.code : 500;
      response.end(JSON.stringify({ message: error.message }));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'c', user: {} }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
  });
};
