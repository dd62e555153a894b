// Tested in test/commands/chaos/choose.test.ts
import type { InstanceRecord } from '../../instance/record.ts';
import { viaOf } from '../../model/gateway-ip.ts';
import type { Breakage, Scenario } from './scenarios.ts';

/** What decides whether a scenario can be run on an instance. */
export type Facts = Pick<InstanceRecord, 'provider' | 'journal' | 'master' | 'gateway' | 'publishedAddress'> & {
  /** Programs of this machine that a scenario needs and that are not here. */
  readonly missing: readonly string[];
};

const notNative = 'it is for processes of a native node, which are children of this machine';

const needsNative = ({ provider }: Facts): string | true => provider === 'native' || notNative;

const notOurs = 'nothing is broken there that taskgate did not create';

const needsOwn = ({ provider, journal }: Facts): string | true => {
  if (provider === 'attach') return `the cluster is attached: ${notOurs}`;
  const isAdopted = journal.some((one) => one.kind === 'minikube-profile' && !one.owned);
  return !isAdopted || `the Minikube profile is not taskgate's own: ${notOurs}`;
};

const needsDaemon = ({ journal }: Facts): string | true =>
  journal.some(({ kind }) => kind === 'tunnels') || 'the instance has no tunnel and no forwards';

const needsSsh = ({ master }: Facts): string | true => master?.via === 'ssh' || 'the instance has no tunnel by ssh';

const needsNft = (facts: Facts): string | true => {
  const native = needsNative(facts);
  return native === true && facts.missing.includes('nft') ? 'this machine has no nft' : native;
};

const rules: Readonly<Record<Breakage['kind'], (facts: Facts) => string | true>> = {
  child: needsNative,
  envoy: needsNative,
  pods: needsOwn,
  supervisor: needsNative,
  'tunnel-daemon': needsDaemon,
  ssh: needsSsh,
  link: needsNft,
  api: needsOwn,
  disk: needsNative,
};

/** True where a scenario can be run on an instance, otherwise why it cannot. */
export const applies = ({ breakage }: Scenario, facts: Facts): string | true => rules[breakage.kind](facts);

/** The scenario as it is for this instance: forwards on this host go through API server, kubelet and tunnel daemon. */
export const forInstance = (scenario: Scenario, { gateway, publishedAddress }: Facts): Scenario => {
  if (!gateway || viaOf(gateway, publishedAddress) !== 'forward') return scenario;
  return { ...scenario, cutsForward: true };
};
