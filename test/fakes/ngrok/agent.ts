/**
 * A stand-in for the ngrok agent, for machines without ngrok's service. It is not ngrok: it speaks the documented command
 * line, configuration files, JSON log and local API, and carries what arrives at a port of this machine, which it calls
 * public, to the local port. STAND_IN_NGROK_* variables make it misbehave; see misbehaviours.ts. SIGUSR2 cuts its session
 * with the service, and the next one lets it have one again.
 */
import { type Served, serveApi } from './api.ts';
import { fail, log, logCut, logReconnecting, logSession, logTunnel } from './log.ts';
import { misbehaviours } from './misbehaviours.ts';
import { openPublicEnd } from './public-end.ts';
import { claim } from './service.ts';
import { AgentError, type Invocation, readInvocation } from './settings.ts';

const floodLogs = async (): Promise<void> => {
  const line = `${JSON.stringify({ lvl: 'info', msg: 'x'.repeat(1000) })}\n`;
  for (let sent = 0; sent < misbehaviours.logMb * 1e6; sent += line.length) {
    for (const stream of [process.stdout, process.stderr]) {
      if (!stream.write(line)) await new Promise((resolve) => stream.once('drain', resolve));
    }
  }
};

const misbehaveLater = (invocation: Invocation, served: Served[]): void => {
  const { endsAfterMs, endsWith, diesAfterMs, movesAfterMs } = misbehaviours;
  if (endsAfterMs) setTimeout(() => fail(endsWith), endsAfterMs);
  if (diesAfterMs) setTimeout(() => process.kill(process.pid, 'SIGKILL'), diesAfterMs);
  const move = () => {
    const url = 'https://moved.ngrok-stand-in.example';
    served.splice(0, 1, { invocation, url });
    logTunnel(invocation.addr, url);
  };
  if (movesAfterMs) setTimeout(move, movesAfterMs);
};

/** Whether the agent has a session with the service, which SIGUSR2 changes. */
const makeSession = (): (() => boolean) => {
  let lost: AbortController | undefined;
  process.on('SIGUSR2', () => {
    if (lost) {
      lost.abort();
      lost = undefined;
      return logSession();
    }
    lost = new AbortController();
    logCut();
    logReconnecting(lost.signal);
  });
  return () => lost === undefined;
};

const run = async (invocation: Invocation): Promise<void> => {
  const served: Served[] = [];
  for (const path of invocation.files) log('info', 'open config file', { path, err: null });
  log('info', 'FIPS 140 mode', { enabled: false });
  await serveApi(invocation.apiPort, () => served);
  log('info', 'starting web service', { obj: 'web', addr: `127.0.0.1:${invocation.apiPort}`, allow_hosts: null });
  await floodLogs();
  if (misbehaviours.unreachable) return logReconnecting();
  const wanted = invocation.protocol === 'tcp' ? Number(invocation.url?.split(':').at(-1) ?? 0) : 0;
  const refusal = claim(invocation);
  if (refusal) fail(refusal);
  const port = await openPublicEnd(invocation, wanted, makeSession());
  const scheme = invocation.protocol === 'tcp' ? 'tcp' : 'https';
  const url = invocation.url ?? `${scheme}://localhost:${port}`;
  served.push({ invocation, url });
  logSession();
  log('info', 'stand-in: this is not ngrok', { publicPort: port });
  logTunnel(invocation.addr, url);
  misbehaveLater(invocation, served);
};

try {
  await run(readInvocation(process.argv.slice(2), process.env));
} catch (error) {
  if (error instanceof AgentError) fail(error.message);
  else fail(`stand-in: ${(error as Error).message}`);
}
