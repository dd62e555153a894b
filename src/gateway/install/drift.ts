import { UserError } from '../../lib/errors.ts';
import type { Problem } from '../../model/problem.ts';
import { gatewaysCRDName } from '../spec.ts';
import { controllerName } from './gateway.ts';
import { bundleOf, type InstalledGatewayAPI, safeUpgradesName } from './installed.ts';
import { hasLimit, hasRoomFor, type ListenerLimits } from './listener-limit.ts';
import type { Manifest } from './manifest.ts';

/** `verdict` is what `up` does about it: report it, repair it, or stop before anything is changed. */
export type GatewayProblem = Problem & { readonly verdict: 'note' | 'repair' | 'refuse' };

export type Bundle = { readonly bundleVersion: string; readonly channel: string };

export type Wanted = Bundle & { readonly listenerLimit: number };

/** The Gateway API bundle of a manifest. */
export const manifestBundle = ({ crds }: Manifest): Bundle => {
  const gateways = crds.find(({ metadata }) => metadata.name === gatewaysCRDName);
  if (!gateways) throw new Error(`manifest has no ${gatewaysCRDName}`);
  return bundleOf(gateways);
};

const textOf = ({ bundleVersion, channel }: Bundle): string => `${bundleVersion} (${channel})`;
const isSame = (one: Bundle, other: Bundle): boolean => textOf(one) === textOf(other);

const compareVersions = (one: string, other: string): number => one.localeCompare(other, 'en', { numeric: true });

/** The policy's rule (v1.5.1): bundles before v1.5.0 may be neither created nor changed. */
const isDeniedByPolicy = ({ bundleVersion }: Bundle): boolean => compareVersions(bundleVersion, 'v1.5.0') < 0;

/** Another bundle may allow more than the configured limit, since other Gateways may need it. */
const isRaised = ({ gateways }: InstalledGatewayAPI, wanted: Wanted): boolean =>
  gateways !== undefined && (isSame(gateways, wanted) ? hasLimit : hasRoomFor)(gateways.crd, wanted.listenerLimit);

/**
 * `install` applies the manifest's Gateway API CRDs (first installation, or repair of the same bundle). `keep` only raises
 * the listener limit of the installed ones: another bundle that is sufficient, or the same one if the policy forbids writing it.
 */
export const chooseCRDs = (installed: InstalledGatewayAPI, wanted: Wanted): 'install' | 'keep' => {
  const { gateways, hasSafeUpgradesPolicy } = installed;
  if (!gateways) return 'install';
  if (!isSame(gateways, wanted)) return 'keep';
  return hasSafeUpgradesPolicy && isRaised(installed, wanted) ? 'keep' : 'install';
};

type DriftRule = (installed: InstalledGatewayAPI, wanted: Wanted) => GatewayProblem | false;

const removePolicy = `kubectl delete validatingadmissionpolicy,validatingadmissionpolicybinding ${safeUpgradesName}`;

/** The policy lets neither the experimental channel replace the standard one, nor a bundle before v1.5.0 in. */
const wayOut = ({ hasSafeUpgradesPolicy }: InstalledGatewayAPI): string =>
  [
    'install the whole experimental channel of that release, or, if nothing else uses these CRDs, delete them and run `taskgate up` again',
    ...(hasSafeUpgradesPolicy
      ? [`ValidatingAdmissionPolicy ${safeUpgradesName} forbids both until it is removed: ${removePolicy}`]
      : []),
  ].join('; ');

const otherBundle: DriftRule = (installed, wanted) => {
  const { gateways, missing } = installed;
  if (!gateways || isSame(gateways, wanted)) return false;
  const there = `Gateway API ${textOf(gateways)} is installed, Contour's manifest has ${textOf(wanted)}`;
  if (missing.length === 0) {
    const hint = 'it serves all that Contour and Determined need, TCPRoute v1alpha2 included';
    return { id: 'gateway.bundle-kept', verdict: 'note', message: `${there}: the installed one is kept`, hint };
  }
  return {
    id: missing.some((text) => text.startsWith('TCPRoute ')) ? 'gateway.no-tcproute' : 'gateway.missing-kinds',
    verdict: 'refuse',
    message: `${there}, and the installed one does not serve ${missing.join(', ')}`,
    hint: `Contour exits without it, and Determined needs TCPRoute v1alpha2: ${wayOut(installed)}`,
  };
};

/** Some CRDs of another bundle, without that of Gateways: half an installation, or half a removal. */
const partOfAnother: DriftRule = (installed, wanted) => {
  const others = installed.parts.filter((part) => !isSame(part, wanted));
  const [first] = others;
  if (!first) return false;
  return {
    id: 'gateway.partial-api',
    verdict: 'refuse',
    message: `Gateway API is installed in part: ${others.map(({ name }) => name).join(', ')} of ${textOf(first)}, but no ${gatewaysCRDName}`,
    hint: wayOut(installed),
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
    message: `ValidatingAdmissionPolicy ${safeUpgradesName} forbids writing CRDs of Gateway API ${written.bundleVersion}: it denies all before v1.5.0`,
    hint: `if nothing else needs it, remove it: ${removePolicy}`,
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
    hint: 'applying an upstream file with `kubectl apply` lowers it',
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

const rules: readonly DriftRule[] = [otherBundle, partOfAnother, safeUpgrades, limitDrift, classTaken];

/** All problems of the installed Gateway API, which `status` reports and `up` repairs or refuses. */
export const findGatewayProblems = (installed: InstalledGatewayAPI, wanted: Wanted): readonly GatewayProblem[] =>
  rules.map((rule) => rule(installed, wanted)).filter((problem) => problem !== false);

/** Throws a UserError with the first refusal's id and the texts of all refusals. */
export const verifyGatewayAPI = (problems: readonly GatewayProblem[]): void => {
  const refusals = problems.filter(({ verdict }) => verdict === 'refuse');
  const [first] = refusals;
  if (!first) return;
  throw new UserError(refusals.map(({ message }) => message).join('\n'), {
    id: first.id,
    hint: refusals.map(({ hint }) => hint).join('; '),
  });
};
