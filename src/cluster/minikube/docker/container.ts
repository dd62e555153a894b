import type { MinikubeResource } from '../../../instance/record.ts';
import { UserError } from '../../../lib/errors.ts';
import { isFields, parseFields } from '../../../lib/json.ts';
import type { Command, Runner } from '../../../lib/process/runner.ts';
import type { ProviderJournal } from '../../provider.ts';
import type { MinikubeSpec } from '../spec.ts';
import { findContainerId, findLeftovers, usesDocker } from './daemon.ts';

type Profile = Pick<MinikubeResource, 'profile' | 'driver' | 'containerId'>;

const notOurs = (what: string, hint: string): UserError =>
  new UserError(what, { id: 'cluster.minikube-not-ours', hint });

/**
 * A profile is one of a user's Minikube home, its container one of the Docker daemon, which several users and CI jobs may
 * share. `minikube start` deletes a container of the profile's name that its own home does not know (kic.Create), with all
 * that runs in it. Throws UserError `cluster.minikube-not-ours` if Docker has anything of that name that the journal lacks.
 */
export const verifyUnused = async (
  runner: Runner,
  { profile, driver }: Pick<MinikubeSpec, 'profile' | 'driver'>,
  journalled: MinikubeResource | undefined,
): Promise<void> => {
  if (!usesDocker(driver) || journalled) return;
  const found = await findLeftovers(runner, profile);
  if (found.length === 0) return;
  throw notOurs(
    `Docker already has ${found.join(', ')}, which this Minikube home did not create`,
    `another user of this Docker daemon may need it: choose another --minikube-profile; if nobody does, docker rm --force --volumes ${profile}`,
  );
};

/** Throws UserError `cluster.minikube-not-ours` if the container of a profile is another than the one that was journalled. */
export const verifySameContainer = async (runner: Runner, { profile, driver, containerId }: Profile): Promise<void> => {
  if (!usesDocker(driver) || containerId === undefined) return;
  const found = await findContainerId(runner, profile);
  if (found === undefined || found === containerId) return;
  throw notOurs(
    `container ${profile} is another one than this instance made: its id is ${found.slice(0, 12)}, not ${containerId.slice(0, 12)}`,
    `another user of this Docker daemon, or minikube by hand, made it; when nobody needs it: docker rm --force --volumes ${profile}, then run this again`,
  );
};

/** Writes the id of an owned profile's container to the journal, as soon as there is one. */
export const rememberContainer = async (
  runner: Runner,
  { resources, journal, forget }: ProviderJournal<MinikubeResource>,
): Promise<void> => {
  const last = resources().at(-1);
  if (!last?.owned || !usesDocker(last.driver)) return;
  const containerId = await findContainerId(runner, last.profile);
  if (containerId === undefined || containerId === last.containerId) return;
  await journal({ ...last, containerId });
  await forget(last);
};

export const networksCommand = (profile: string): Command => [
  'docker',
  ...['container', 'inspect', profile, '--format', '{{json .NetworkSettings.Networks}}'],
];

/**
 * Docker's own address on the node's network, from which the node sees connections to its published ports; undefined where
 * Docker does not tell it.
 */
export const findPublisher = async (
  runner: Runner,
  { profile, driver }: Pick<MinikubeSpec, 'profile' | 'driver'>,
): Promise<string | undefined> => {
  if (!usesDocker(driver)) return undefined;
  const { stdout } = await runner(networksCommand(profile), { timeoutMs: 10_000 });
  const network = parseFields(stdout)[profile];
  return isFields(network) && typeof network.Gateway === 'string' && network.Gateway ? network.Gateway : undefined;
};
