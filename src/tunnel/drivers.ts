import type { DriverSpec } from '../instance/tunnels.ts';
import { execaRunner } from '../lib/process/runner.ts';
import { spawnTethered } from '../lib/process/tethered.ts';
import { ngrokTunnel } from './ngrok/ngrok.ts';
import { sshTunnel } from './ssh/ssh.ts';
import type { TunnelDriver } from './tunnel.ts';

export type DriverInput = {
  /** The instance's folder. */
  readonly folder: string;
  /** The whole environment of ssh or ngrok: HOME, PATH, SSH_AUTH_SOCK, NGROK_AUTHTOKEN, HTTPS_PROXY. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `note`: for status and log, `log`: for the log only. */
  readonly journal: { readonly note: (text: string) => void; readonly log: (text: string) => void };
};

/** The driver of a tunnel, with the programs of this host. Tested in test/process/tunnel-daemon.test.ts. */
export const driverOf = (spec: DriverSpec, { folder, env, journal }: DriverInput): TunnelDriver => {
  const tools = { runner: execaRunner, spawn: spawnTethered, env, folder };
  if (spec.kind === 'ngrok') return ngrokTunnel(spec.settings, tools);
  return sshTunnel(spec.settings, {
    ...tools,
    onLine: (line) => journal.log(`ssh: ${line}`),
    onDetail: (detail) => journal.note(`ssh: ${detail}`),
  });
};
