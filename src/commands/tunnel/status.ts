import { setTimeout as pause } from 'node:timers/promises';
import { findTunnelStatus } from '../../daemon/find.ts';
import { findCurrentSpec, readTunnelSpec } from '../../daemon/spec.ts';
import type { Instance } from '../../instance/instance.ts';
import type { InstanceRecord } from '../../instance/record.ts';
import type { TunnelDaemonSpec } from '../../instance/tunnels.ts';
import { UserError } from '../../lib/errors.ts';
import { plain } from '../../lib/text/plain.ts';
import { originOf } from '../../model/master-endpoint.ts';
import {
  type Caller,
  isServed,
  stateText,
  type TunnelDaemonStatus,
  type TunnelEvent,
  type TunnelReport,
} from '../../model/tunnel-status.ts';
import { describeExposure, listExposure } from '../../tunnel/exposure.ts';
import { asTyped } from '../as-typed.ts';
import { type CommandInput, print, printJson, readMade } from '../command.ts';
import { getInstance } from '../open-instance.ts';

const watchPauseMs = 250;
/** Columns before the text of a line. */
const labelWidth = 11;

const callerLine = ({ address, admitted, refused, lastAt }: Caller, isCounted: boolean): string =>
  `caller     ${address}, last at ${lastAt}${isCounted ? `: ${admitted} connections admitted, ${refused} refused` : ''}`;

const tunnelLines = (tunnel: TunnelReport): readonly string[] => {
  const { kind, target, state, since, address, restarts, detail, hint, proven, until, master } = tunnel;
  const { connections, connectionLimit, allowFrom, callers = [] } = tunnel;
  return [
    `tunnel     ${target}: ${stateText(state)} since ${since}${restarts > 0 ? `, started again ${restarts}x` : ''}`,
    detail ? `           ${detail}` : '',
    hint && state !== 'up' ? `           ${isServed(state) ? '' : 'to fix: '}${hint}` : '',
    address ? `address    ${originOf(address)}, by ${kind}` : '',
    proven ? `proven     ${proven.at}, a nonce came back in ${proven.latencyMs} ms` : '',
    `master     ${master.host}:${master.port}, ${master.trouble ?? `${connections}${connectionLimit === undefined ? '' : ` of ${connectionLimit}`} connections now`}`,
    until ? `closes     ${until}; taskgate tunnel extend --hours N` : '',
    ...callers.map((one) => callerLine(one, allowFrom !== undefined)),
  ];
};

const noneNeeded = ({ master }: InstanceRecord): string => {
  if (master?.via !== 'direct' && master?.via !== 'url') return '';
  return `, and none is needed: tasks dial ${originOf(master)} ${master.via === 'url' ? 'as master.url has it' : 'directly'}`;
};

/** All that is known of an instance's tunnel and forwards, for people. */
export const renderTunnels = async (instance: Instance, status: TunnelDaemonStatus | undefined): Promise<string> => {
  const { tunnel, forward } = status ?? {};
  const [spec, current] = await Promise.all([readTunnelSpec(instance.dir), findCurrentSpec(instance)]);
  const lines = [
    ...(tunnel
      ? tunnelLines(tunnel)
      : [
          `tunnel     ${current?.tunnel && !status ? 'its daemon is not running' : `none${noneNeeded(instance.record())}`}`,
        ]),
    forward
      ? `forwards   ${forward.state}, ${forward.listeners.length} listeners, ${forward.connections} connections${forward.detail ? `: ${forward.detail}` : ''}${forward.until ? `; close at ${forward.until}` : ''}`
      : '',
    ...listExposure({ record: instance.record(), spec, status }).map((one) => `exposed    ${describeExposure(one)}`),
  ];
  return [
    instance.record().name,
    ...lines.filter(Boolean).map((line) => `  ${line.slice(0, labelWidth)}${plain(line.slice(labelWidth))}`),
  ].join('\n');
};

type Place = Pick<TunnelEvent, 'at' | 'number'>;

/** Numbers restart with each daemon, times do not. */
const isAfter = (one: Place, other: Place): boolean =>
  one.at === other.at ? one.number > other.number : one.at > other.at;

/** Prints each event as it comes, until interrupted; also those of a daemon that was started meanwhile. */
const watchTunnels = async ({ dir }: Instance, { invocation: { signal }, flags }: CommandInput): Promise<never> => {
  const show = (at: string, text: string) => (flags.json ? printJson({ at, text }, 0) : print(`${at} ${plain(text)}`));
  let last: Place = { at: '', number: 0 };
  let isThere = true;
  for (;;) {
    const status = await findTunnelStatus(dir);
    if (!status && isThere) show(new Date().toISOString(), 'no tunnel daemon answers');
    isThere = status !== undefined;
    for (const event of (status?.events ?? []).filter((one) => isAfter(one, last))) {
      show(event.at, event.text);
      last = event;
    }
    await pause(watchPauseMs, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }
};

/** Tasks dial the master itself, and no tunnel is to be there: nothing is wrong. */
const needsNone = ({ master }: InstanceRecord, spec: TunnelDaemonSpec | undefined): boolean =>
  !spec?.tunnel && !spec?.forward && (master?.via === 'direct' || master?.via === 'url');

/** Throws the first problem, so that the exit code shows it. */
const refuseTrouble = (name: string, status: TunnelDaemonStatus | undefined): void => {
  const hint = `taskgate tunnel up --name ${name}`;
  if (!status?.tunnel && !status?.forward)
    throw new UserError(`no tunnel of instance ${name} runs`, { id: 'tunnel.not-running', hint });
  const { tunnel, forward } = status;
  const bad = [tunnel, forward].find((one) => one && !isServed(one.state));
  if (bad)
    throw new UserError(`the tunnel of instance ${name} is ${bad.state}: ${bad.detail ?? 'not proven'}`, {
      id: 'tunnel.not-up',
    });
};

/**
 * Prints how the tunnel and forwards of an instance are, or that it needs none; with `watch` each change until interrupted.
 * Throws UserError `tunnel.not-running` or `tunnel.not-up`, so that the exit code shows it.
 * Tested in test/process/tunnel-command.test.ts.
 */
export const tunnelStatus = async (input: CommandInput, { watch }: { readonly watch: boolean }): Promise<void> => {
  const { config, context } = await readMade(input);
  const instance = await getInstance(context);
  const status = await findTunnelStatus(instance.dir);
  const spec = await readTunnelSpec(instance.dir);
  const exposure = listExposure({ record: instance.record(), spec, status });
  if (input.flags.json) printJson({ instance: config.name, ...status, exposure }, watch ? 0 : 2);
  else print(asTyped(await renderTunnels(instance, status), input.invocation.env));
  if (watch) return watchTunnels(instance, input);
  if (!needsNone(instance.record(), await findCurrentSpec(instance))) refuseTrouble(config.name, status);
};
