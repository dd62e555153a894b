// Tested in test/cluster/attach/attach.test.ts
import { parseAnswer } from '../../lib/kube/answer.ts';
import type { Findings, Obstacle } from '../provider.ts';
import { type AttachSpec, type AttachTools, listNodes, openAttached } from './attach.ts';
import { findCandidates } from './node.ts';
import { findMissingRights } from './rights.ts';

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

/**
 * Checks an attached cluster before anything is changed. Throws UserError if the context is not allowed, cannot be used or
 * its API server does not answer, and `cluster.no-node` if no pod can run.
 */
export const verifyAttach = async (spec: AttachSpec, tools: AttachTools): Promise<Findings> => {
  const { ask, plugin, clearText } = await openAttached(spec, tools);
  const version = noteVersion(await ask((kube) => kube.text('/version')));
  findCandidates(await ask(listNodes));
  const { needed, optional } = await ask(findMissingRights);
  const obstacle: Obstacle = {
    what: `the user of context '${spec.context}'${plugin ? `, with the credentials of ${plugin},` : ''} may not ${needed}`,
    hint: 'Contour and its CRDs need an administrator of the cluster: use a context with such a user',
  };
  const notes = [
    plugin && `context '${spec.context}' gets its credentials from a program, which is run: ${plugin}`,
    clearText &&
      `the credentials of context '${spec.context}' go unencrypted to ${clearText}, as with kubectl: who is on the way can read them`,
    version,
    ...(needed ? [] : optional.map((text) => `the user may not ${text}`)),
  ];
  return { obstacles: needed ? [obstacle] : [], notes: notes.filter((one) => typeof one === 'string') };
};
