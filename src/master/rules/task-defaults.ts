// Tested in test/golden/master-verdicts.test.ts
import { findField, findItem, findNumber, findString, type Item, itemsAt } from '../schema/document.ts';
import { errorAt, type Problem } from '../schema/problem.ts';
import { isGiven, type MasterFile, positionAt } from './rule.ts';

const defaults = 'task_container_defaults';
const specs = ['cpu_pod_spec', 'gpu_pod_spec', 'checkpoint_gc_pod_spec'] as const;

/** The task's container; all others are the user's own. */
const taskContainer = 'determined-container';
const fixedFields = ['image', 'command', 'args', 'workingDir', 'ports'] as const;
const fixedBlocks = ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'] as const;

const isSet = (item: Item, key: string): boolean => {
  const found = findItem(item, key.toLowerCase());
  return found?.kind === 'list' ? found.items.length > 0 : isGiven(item, key.toLowerCase());
};

const judgeContainer = (container: Item): readonly Problem[] => {
  if (findString(container, 'name') !== taskContainer) return [];
  return [...fixedFields, ...fixedBlocks]
    .filter((key) => isSet(container, key))
    .map((key) =>
      errorAt(
        findField(container, key.toLowerCase()) ?? container,
        `${key} of ${taskContainer} cannot be set in a pod spec: the master refuses it`,
        key === 'image' ? `write ${defaults}.image` : 'remove it',
      ),
    );
};

/** What the master refuses in a pod spec (master/pkg/model/environment_config.go, validatePodSpec). */
const judgePod = (pod: Item): readonly Problem[] => {
  const hostNetwork = findItem(pod, 'spec.hostnetwork');
  return [
    ...['name', 'namespace'].flatMap((key) =>
      findString(pod, `metadata.${key}`)
        ? [
            errorAt(
              positionAt(pod, `metadata.${key}`),
              `the ${key} of a pod cannot be set: the master refuses it`,
              'remove it',
            ),
          ]
        : [],
    ),
    ...(hostNetwork?.kind === 'bool' && hostNetwork.value === true
      ? [
          errorAt(
            hostNetwork,
            'host networking cannot be set in a pod spec: the master refuses it',
            `write ${defaults}.network_mode`,
          ),
        ]
      : []),
    ...itemsAt(pod, 'spec.containers').flatMap(judgeContainer),
  ];
};

const judgeBindMount = (mount: Item): readonly Problem[] => {
  const path = findString(mount, 'host_path');
  const isRelative = path !== undefined && !path.startsWith('/') && !path.includes('$');
  return isRelative
    ? [errorAt(positionAt(mount, 'host_path'), `'${path}' is not an absolute path`, 'begin it with /')]
    : [];
};

const judgeDefaults = (item: Item): readonly Problem[] => {
  const networkMode = findItem(item, 'network_mode');
  return [
    ...specs.flatMap((key) => findItem(item, key) ?? []).flatMap(judgePod),
    ...itemsAt(item, 'bind_mounts').flatMap(judgeBindMount),
    ...((findNumber(item, 'shm_size_bytes') ?? 1) <= 0
      ? [errorAt(positionAt(item, 'shm_size_bytes'), 'must be greater than 0', 'remove it for the default of 4 GiB')]
      : []),
    ...(networkMode?.kind === 'string' && networkMode.value === ''
      ? [errorAt(networkMode, 'is empty: the master refuses that', 'remove it for the default, bridge')]
      : []),
  ];
};

/** Rules of `task_container_defaults`, of the file and of each resource pool (TaskContainerDefaultsConfig.Validate). */
export const checkTaskDefaults = ({ root, managers }: MasterFile): readonly Problem[] =>
  [root, ...managers.flatMap(({ pools }) => pools ?? [])].flatMap((owner) => {
    const item = findItem(owner, defaults);
    return item ? judgeDefaults(item) : [];
  });
