import { misbehaviours } from './misbehaviours.ts';

/** One record of the agent's JSON log, with its keys in the agent's order. */
export const log = (lvl: string, msg: string, more: Readonly<Record<string, unknown>> = {}): void => {
  process.stdout.write(`${JSON.stringify({ t: new Date().toISOString(), lvl, msg, ...more })}\n`);
};

const session = { obj: 'tunnels.session' };

export const logSession = (): void => {
  log('info', 'client session established', session);
  log('info', 'tunnel session started', session);
};

/** An address that was asked for by hand is an object, not a text. */
export const logTunnel = (addr: string, url: string): void => {
  const [Scheme = '', Host = ''] = addr.includes('://') ? addr.split('://') : ['', addr];
  log('info', 'started tunnel', { obj: 'tunnels', name: 'command_line', addr: { Scheme, Host }, url });
};

const dial = 'failed to dial ngrok server with address "connect.ngrok-agent.com:443": dial tcp: i/o timeout';

/** The agent tries for ever; stops with the signal. */
export const logReconnecting = (signal?: AbortSignal): void => {
  const say = () => log('eror', 'failed to reconnect session', { ...session, err: dial });
  say();
  const timer = setInterval(say, 500);
  signal?.addEventListener('abort', () => clearInterval(timer));
};

export const logCut = (): void => {
  const isSilent = misbehaviours.cut === 'silence';
  if (isSilent) log('eror', 'heartbeat timeout, terminating session', { ...session, obj: 'csess', id: '78a22b430c1d' });
  const err = isSilent ? 'session closed' : 'read EOF from remote peer';
  log('eror', 'session closed, starting reconnect loop', { ...session, err });
};

/** The real one logs an error several times, prints it line by line with a link behind a code, and ends. */
export const fail = (message: string): never => {
  if (message.startsWith('authentication failed'))
    log('eror', 'failed to reconnect session', { ...session, err: message });
  log('eror', 'session closing', { ...session, err: message });
  log('info', 'accept failed', { obj: 'csess', id: '78a22b430c1d', err: 'reconnecting session closed' });
  log('info', 'no more state changes', session);
  log('crit', 'command failed', { err: message });
  const code = /ERR_NGROK_\d+/.exec(message)?.[0];
  const lines = [
    ...message.trimEnd().split(/\r?\n/),
    ...(code ? [`https://ngrok.com/docs/errors/${code.toLowerCase()}`] : []),
    '',
  ];
  for (const line of lines) process.stderr.write(`ERROR:  ${line}\n`);
  process.exit(1);
};
