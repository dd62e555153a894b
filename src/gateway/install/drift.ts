import { UserError } from '../../lib/errors.ts';
import type { Problem } from '../../model/problem.ts';
import { gatewaysCRDName } from '../spec.ts';
import { hasLimit, hasRoomFor, type ListenerLimits } from './crd-patch.ts';
import { controllerName } from './gateway.ts';
import { bundleOf, type InstalledGatewayAPI, safeUpgradesName } from './installed.ts';
import type { Manifest } from './manifest.ts';

/** What `up` does about a finding: nothing but tell, put it right, or stop before anything changes. */
export type GatewayProblem = Problem & { readonly verdict: 'note' | 'repair' | 'refuse' };

export type Bundle = { readonly bundleVersion: string; readonly channel: string };

export type Wanted = Bundle & { readonly listenerLimit: number };

/** The bundle that a manifest brings. */
export const manifestBundle = ({ crds }: Manifest): Bundle => {
  const gateways = crds.find(({ metadata }) => metadata.name === gatewaysCRDName);
  if (!gateways) throw new Error(`manifest has no ${gatewaysCRDName}`);
  return bundleOf(gateways);
};

const textOf = ({ bundleVersion, channel }: Bundle): string => `${bundleVersion} (${channel})`;
const isSame = (one: Bundle, other: Bundle): boolean => textOf(one) === textOf(other);

const compareVersions = (one: string, other: string): number => one.localeCompare(other, 'en', { numeric: true });

/** The policy's own rule (v1.5.1): bundles before v1.5.0 may be neither made nor changed. */
const isDeniedByPolicy = ({ bundleVersion }: Bundle): boolean => compareVersions(bundleVersion, 'v1.5.0') < 0;

/** Another bundle may allow more than we want: others may need it. */
const isRaised = ({ gateways }: InstalledGatewayAPI, wanted: Wanted): boolean =>
  gateways !== undefined && (isSame(gateways, wanted) ? hasLimit : hasRoomFor)(gateways.crd, wanted.listenerLimit);

/**
 * `install` puts the manifest's Gateway API CRDs in place (first time, or repair of the same bundle). `keep` leaves what is
 * there and only raises its listener limit: another bundle that can do the work, or ours when the policy forbids to write it.
 */
export const chooseCRDs = (installed: InstalledGatewayAPI, wanted: Wanted): 'install' | 'keep' => {
  const { gateways, hasSafeUpgradesPolicy } = installed;
  if (!gateways) return 'install';
  if (!isSame(gateways, wanted)) return 'keep';
  return hasSafeUpgradesPolicy && isRaised(installed, wanted) ? 'keep' : 'install';
};

type DriftRule = (installed: InstalledGatewayAPI, wanted: Wanted) => GatewayProblem | false;

const otherBundle: DriftRule = ({ gateways, tcpRouteVersions }, wanted) => {
  if (!gateways || isSame(gateways, wanted)) return false;
  const there = `Gateway API ${textOf(gateways)} is installed, Contour's manifest brings ${textOf(wanted)}`;
  if (tcpRouteVersions.includes('v1alpha2')) {
    const hint = 'its TCPRoute v1alpha2 is served, which is what Contour and Determined need';
    return { id: 'gateway.bundle-kept', verdict: 'note', message: `${there}: the installed one stays`, hint };
  }
  return {
    id: 'gateway.no-tcproute',
    verdict: 'refuse',
    message: `${there}, and the installed one does not serve TCPRoute v1alpha2 (served: ${tcpRouteVersions.join(', ') || 'none'})`,
    hint: 'Contour and Determined need the experimental channel with TCPRoute v1alpha2; install that channel of the same release, or, if nothing else uses these CRDs, delete them and run `taskgate up` again',
  };
};

const safeUpgrades: DriftRule = (installed, wanted) => {
  const keeps = chooseCRDs(installed, wanted) === 'keep';
  const written = keeps && installed.gateways ? installed.gateways : wanted;
  const isWritten = !keeps || !isRaised(installed, wanted);
  if (!installed.hasSafeUpgradesPolicy || !isWritten || !isDeniedByPolicy(written)) return false;
  return {
    id: 'gateway.safe-upgrades',
    verdict: 'refuse',
    message: `ValidatingAdmissionPolicy ${safeUpgradesName} forbids to write CRDs of Gateway API ${written.bundleVersion}: it denies all before v1.5.0`,
    hint: `if nothing else needs it, remove it: kubectl delete validatingadmissionpolicy,validatingadmissionpolicybinding ${safeUpgradesName}`,
  };
};

const describeLimits = (limits: readonly ListenerLimits[]): string =>
  limits.map(({ version, spec, status }) => `${version} spec ${spec ?? 'none'}, status ${status ?? 'none'}`).join('; ');

const limitDrift: DriftRule = (installed, wanted) => {
  const { gateways } = installed;
  if (!gateways || isRaised(installed, wanted)) return false;
  return {
    id: 'gateway.limit-drift',
    verdict: 'repair',
    message: `listener limit of ${gatewaysCRDName} should be ${wanted.listenerLimit} but is: ${describeLimits(gateways.limits)}`,
    hint: 'a later `kubectl apply` of an upstream file does this',
  };
};

const classTaken: DriftRule = ({ classController }) =>
  classController !== undefined &&
  classController !== controllerName && {
    id: 'gateway.class-taken',
    verdict: 'refuse',
    message: `the GatewayClass belongs to controller ${classController}, not to ${controllerName}`,
    hint: 'choose another class name: the controller of a class cannot be changed',
  };

const rules: readonly DriftRule[] = [otherBundle, safeUpgrades, limitDrift, classTaken];

/** Everything about the installed Gateway API that `status` shows and `up` repairs or refuses. */
export const findGatewayProblems = (installed: InstalledGatewayAPI, wanted: Wanted): readonly GatewayProblem[] =>
  rules.map((rule) => rule(installed, wanted)).filter((problem) => problem !== false);

/** Throws UserError with the first refusal's id and all refusals' texts; changes nothing. */
export const verifyGatewayAPI = (problems: readonly GatewayProblem[]): void => {
  const refusals = problems.filter(({ verdict }) => verdict === 'refuse');
  const [first] = refusals;
  if (!first) return;
  throw new UserError(refusals.map(({ message }) => message).join('\n'), {
    id: first.id,
    hint: refusals.map(({ hint }) => hint).join('; '),
  });
};
