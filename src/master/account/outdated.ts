import { isForbidden, type Kube } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../lib/kube/types.ts';
import { type InstanceIdentity, isOfInstance } from '../../model/labels.ts';
import { masterAccountObjects, type Role } from './rbac.ts';
import { type MasterScope, masterRights } from './rights.ts';

/** Each verb of each rule, whatever the rules are split into. */
const grantsOf = (role: Partial<Role> | undefined): readonly string[] =>
  (role?.rules ?? []).flatMap(({ apiGroups = [], resources = [], verbs = [], resourceNames = [''] }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) =>
          resourceNames.map((name) =>
            [verb, [resource, group].filter(Boolean).join('.'), name].filter(Boolean).join(' '),
          ),
        ),
      ),
    ),
  );

const isRole = (object: KubeObject): object is Role => object.kind === 'Role' || object.kind === 'ClusterRole';

/** A role of an account that an earlier version made, as it should be. */
export type OutdatedRole = {
  readonly role: KubeObject;
  /** All that it lacks. */
  readonly lacks: readonly string[];
  /** Of that, what a master does not work without. */
  readonly needs: readonly string[];
};

const necessary = masterRights.filter(({ isOptional }) => !isOptional);

/**
 * Roles of the account of an instance's master that lack something which this version gives: none without an account, with one of
 * somebody else, and where nobody may look.
 */
export const findOutdatedRoles = async (
  kube: Kube,
  owner: InstanceIdentity,
  place: MasterScope,
): Promise<readonly OutdatedRole[]> => {
  try {
    const objects = masterAccountObjects(owner, place);
    const [account] = objects;
    const existing = account && (await kube.find(account));
    if (!existing || !isOfInstance(existing, owner)) return [];
    const needed = masterAccountObjects(owner, place, necessary).filter(isRole);
    const roles = objects.filter(isRole).map(async (role, index): Promise<OutdatedRole> => {
      const has = new Set(grantsOf(await kube.find<Role>(role)));
      const missingOf = (one: Role | undefined) => grantsOf(one).filter((grant) => !has.has(grant));
      return { role, lacks: missingOf(role), needs: missingOf(needed[index]) };
    });
    return (await Promise.all(roles)).filter(({ lacks }) => lacks.length > 0);
  } catch (error) {
    if (isForbidden(error)) return [];
    throw error;
  }
};
