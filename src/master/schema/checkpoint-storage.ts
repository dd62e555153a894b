// Tested in test/golden/master-verdicts.test.ts
import { dropping, each, int, type MapShape, type Shape, string } from './shape.ts';

const secret: Shape = { kind: 'string', isSecret: true };

/** The kinds of storage that the master knows (master/pkg/schemas/expconf/checkpoint_storage_config.go, 0.38.1). */
export const storageTypes: readonly string[] = ['shared_fs', 'directory', 's3', 'gcs', 'azure'];

/** The fields of all kinds together: each kind ignores those of the others. */
export const checkpointStorage: MapShape = dropping({
  type: string,
  ...each(int, 'save_experiment_best', 'save_trial_best', 'save_trial_latest'),
  ...each(string, 'host_path', 'container_path', 'checkpoint_path', 'tensorboard_path', 'storage_path', 'propagation'),
  ...each(string, 'bucket', 'endpoint_url', 'prefix', 'container', 'account_url'),
  ...each(secret, 'access_key', 'secret_key', 'connection_string', 'credential'),
});
