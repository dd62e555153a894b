import { withInstanceLock } from '../../instance/lock.ts';
import { UserError } from '../../lib/errors.ts';
import { originOf } from '../../model/master-endpoint.ts';
import { asTyped } from '../as-typed.ts';
import { type CommandInput, print, printJson, printNote, printProgress, readConfig, readMade } from '../command.ts';
import { getInstance } from '../open-instance.ts';
import { extendTunnel } from './extend.ts';
import { closeTunnelOf, type OpenedTunnel, openTunnelOf } from './open.ts';
import { renderTunnels } from './status.ts';

/** What the user's master has to know now. */
const masterSettings = ({ endpoint: { scheme, host, port }, move, instance }: OpenedTunnel): string => {
  const { name } = instance.record();
  const settings = [
    `determined_master_scheme: ${scheme}`,
    `determined_master_host: ${host}`,
    `determined_master_port: ${port}`,
  ];
  if (!move) return `What the resource manager in the master's configuration needs:\n  ${settings.join('\n  ')}`;
  const known = move.from ? `has ${originOf(move.from)}` : 'has no address of it';
  return `The master.yaml of instance ${name} ${known}: run taskgate up --name ${name}, then restart the master`;
};

/** Opens the tunnel of the settings and waits until a nonce came back through it. Throws UserError `tunnel.*`. */
export const tunnelUp = async (input: CommandInput): Promise<void> => {
  const { context, warnings } = await readConfig(input);
  for (const warning of warnings) printNote(warning);
  const opened = await withInstanceLock(context, () => openTunnelOf(context, printProgress), printNote);
  const { endpoint, status, move, instance } = opened;
  if (input.flags.json) return printJson({ endpoint, status, ...(move && { move }) });
  print(asTyped(`${await renderTunnels(instance, status)}\n\n${masterSettings(opened)}`, input.invocation.env));
};

/** Closes the tunnel of an instance; safe to repeat. */
export const tunnelDown = async (input: CommandInput): Promise<void> => {
  const { config, context } = await readMade(input);
  const closed = await withInstanceLock(context, () => closeTunnelOf(context), printNote);
  if (input.flags.json) return printJson({ instance: config.name, closed }, 0);
  print(closed ? `the tunnel of instance ${config.name} is closed` : `instance ${config.name} has no tunnel`);
};

const longestHours = 24 * 7;

const parseHours = (text: string): number => {
  const hours = Number(text);
  if (text.trim() !== '' && hours > 0 && hours <= longestHours) return hours;
  throw new UserError(`--hours: ${text} is no number of hours between 0 and ${longestHours}`, {
    id: 'usage.hours',
    hint: 'give hours from now, such as --hours 8',
  });
};

/**
 * Has a public tunnel close so many hours from now; one that has closed is opened again.
 * Tested in test/process/tunnel-command.test.ts.
 */
export const tunnelExtend = async (input: CommandInput, flags: { readonly hours: string }): Promise<void> => {
  const hours = parseHours(flags.hours);
  const { config, context } = await readMade(input);
  const status = await withInstanceLock(
    context,
    async () => extendTunnel(await getInstance(context), hours),
    printNote,
  );
  const until = status.tunnel?.until ?? status.forward?.until;
  if (input.flags.json) return printJson({ instance: config.name, until }, 0);
  const what = status.tunnel?.until ? 'the tunnel' : 'forwards';
  print(`${what} of instance ${config.name} ${status.tunnel?.until ? 'closes' : 'close'} at ${until}`);
};
