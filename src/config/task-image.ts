import { taskImageRef } from '../model/images/task-image.ts';
import type { Config } from './config.ts';
import { settings } from './settings.ts';
import { pins } from './versions.ts';

type Finding = {
  readonly severity: 'error' | 'warning';
  readonly path: 'smallTaskImage';
  readonly message: string;
  readonly hint: string;
};

type Chosen = Pick<Config, 'smallTaskImage' | 'withJupyterlab' | 'provider'> & {
  readonly master: { readonly taskImage: string };
};

const byDefault = settings.find(({ path }) => path === 'master.taskImage')?.default;

/** The small image where it is wanted and no other one is named: `master.taskImage` need not be set, too. */
export const withTaskImage = <C extends Chosen>(config: C): C =>
  config.smallTaskImage && config.master.taskImage === byDefault
    ? { ...config, master: { ...config.master, taskImage: taskImageRef(pins.taskImage, config) } }
    : config;

/** What the settings of the small task image do not go with. */
export const findTaskImageProblems = (config: Chosen): readonly Finding[] => {
  const { smallTaskImage, provider, master } = config;
  if (!smallTaskImage) return [];
  const isOther = master.taskImage !== byDefault && master.taskImage !== taskImageRef(pins.taskImage, config);
  const found = (severity: Finding['severity'], message: string, hint: string): Finding => ({
    ...{ severity, path: 'smallTaskImage', message, hint },
  });
  return [
    ...(isOther
      ? [found('error', `is not ${master.taskImage}, which master.taskImage names`, 'give one of the two')]
      : []),
    ...(provider === 'attach'
      ? [
          found(
            'warning',
            "is not loaded into nodes that are not taskgate's",
            'taskgate images build task --output FILE writes it, for the tools of that cluster',
          ),
        ]
      : []),
  ];
};
