import { UserError } from '../../lib/errors.ts';
import { masterAccountObjects, renderManifest } from '../../master/account/rbac.ts';
import { renderMasterConfig } from '../../master/write/config.ts';
import { renderDevcluster } from '../../master/write/devcluster.ts';
import { renderHelmValues } from '../../master/write/helm.ts';
import type { Instances } from '../../master/write/values.ts';
import type { ConfigFormat } from './formats.ts';

/** An account is of one cluster, and `kubectl apply` sends a file to one. */
const renderRbac = (...[only, ...others]: Instances): string => {
  if (others.length === 0) return renderManifest(masterAccountObjects(only, only));
  throw new UserError('an account is of one cluster, so rbac is written for one instance', {
    id: 'usage.one-instance',
    hint: 'name one of them, and then the next one',
  });
};

const renderers = {
  master: renderMasterConfig,
  devcluster: renderDevcluster,
  helm: renderHelmValues,
  rbac: renderRbac,
} satisfies Readonly<Record<ConfigFormat, (...instances: Instances) => string>>;

/**
 * One configuration over one or several instances. Throws UserError `usage.instances-overlap` for instances that one
 * master cannot serve, `usage.master-values`, and `usage.one-instance`.
 */
export const renderConfig = (format: ConfigFormat, instances: Instances): string => renderers[format](...instances);
