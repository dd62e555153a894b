import type { MasterSettings } from '../../instance/record.ts';
import type { GatewayEndpoint } from '../../model/gateway-endpoint.ts';
import type { InstanceIdentity } from '../../model/labels.ts';
import type { MasterEndpoint } from '../../model/master-endpoint.ts';

/** The values of a master's configuration. */
export type MasterValues = Omit<MasterSettings, 'port' | 'tls' | 'root' | 'version'> &
  InstanceIdentity & {
    readonly gateway: GatewayEndpoint;
    readonly master: MasterEndpoint;
    /** Absolute path of a kubeconfig whose current context is the cluster; the master uses no other context. */
    readonly kubeconfigPath: string;
    /** The uid of namespace kube-system, to recognise one cluster behind several kubeconfigs. Without it, the path is compared. */
    readonly clusterId?: string;
    readonly adminPassword: string;
    /** Where the master listens on its own host. */
    readonly listenPort: number;
    readonly cacheDir: string;
    /** Absolute path of the folder with `static` and `wheels` that the master reads. */
    readonly root: string;
    /** Absolute paths of the certificate by which the master shows itself to tasks, and of its key. */
    readonly tls?: { readonly cert: string; readonly key: string };
  };

/** The values of one resource manager. */
export type ManagerValues = Pick<MasterValues, 'gateway' | 'master' | 'kubeconfigPath'>;

/** One master over one or several instances: the first becomes the root resource manager, the others additional ones. */
export type Instances = readonly [MasterValues, ...MasterValues[]];
