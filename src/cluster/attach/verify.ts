// Tested in test/cluster/attach/attach.test.ts
import { type AccessQuestion, isAllowed } from '../../lib/kube/access-review.ts';
import { parseAnswer } from '../../lib/kube/answer.ts';
import type { Kube } from '../../lib/kube/client.ts';
import { gatewayGroup } from '../../model/gateway-api.ts';
import type { Findings, Obstacle } from '../provider.ts';
import { type AttachSpec, type AttachTools, listNodes, openAttached } from './attach.ts';
import { findCandidates } from './node.ts';

/** Kubernetes minor versions that Contour 1.33 is tested with (projectcontour.io, compatibility matrix). */
const supportedMinors = { first: 32, last: 34 } as const;

/** A note if Contour was not tested with the cluster's version. Minor versions may end in a plus sign. */
export const noteVersion = (answer: string): string | undefined => {
  const { gitVersion, major, minor } = parseAnswer(answer);
  const number = Number.parseInt(typeof minor === 'string' ? minor : '', 10);
  const { first, last } = supportedMinors;
  if (major === '1' && number >= first && number <= last) return undefined;
  return `the cluster runs Kubernetes ${typeof gitVersion === 'string' ? gitVersion : 'of an unknown version'}; Contour 1.33 supports 1.${first} to 1.${last}`;
};

/** Without these an installation would fail half-way. */
const neededRights: readonly AccessQuestion[] = [
  { verb: 'patch', group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' },
  { verb: 'create', group: '', resource: 'namespaces' },
  { verb: 'patch', group: 'apps', resource: 'deployments' },
  { verb: 'patch', group: 'rbac.authorization.k8s.io', resource: 'clusterroles' },
  { verb: 'patch', group: 'rbac.authorization.k8s.io', resource: 'clusterrolebindings' },
  { verb: 'patch', group: gatewayGroup, resource: 'gateways' },
  { verb: 'patch', group: '', resource: 'services/status' },
];

const findMissingRights = async (kube: Kube): Promise<readonly string[]> => {
  const checked = await Promise.all(neededRights.map(async (right) => ((await isAllowed(kube, right)) ? [] : [right])));
  return checked.flat().map(({ verb, resource }) => `${verb} ${resource}`);
};

/**
 * Checks an attached cluster before anything is changed. Throws UserError if the context is not allowed, cannot be used or
 * its API server does not answer, and `cluster.no-node` if no pod can run.
 */
export const verifyAttach = async (spec: AttachSpec, tools: AttachTools): Promise<Findings> => {
  const { ask } = await openAttached(spec, tools);
  const note = noteVersion(await ask((kube) => kube.text('/version')));
  findCandidates(await ask(listNodes));
  const missing = await ask(findMissingRights);
  const obstacle: Obstacle = {
    what: `the user of context '${spec.context}' may not ${missing.join(', ')}`,
    hint: 'Contour and its CRDs need an administrator of the cluster: use a context with such a user',
  };
  return { obstacles: missing.length > 0 ? [obstacle] : [], notes: note ? [note] : [] };
};
