import { setTimeout as pause } from 'node:timers/promises';
import { isConflict } from './error.ts';

const tries = 5;

/** As client-go's: reads, changes and writes once more after a conflict, up to 5 times in all. Throws the fifth conflict. */
export const retryOnConflict = async <T>(change: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await change();
    } catch (error) {
      if (!isConflict(error) || attempt === tries) throw error;
    }
    await pause(10 + Math.random() * 10 * attempt);
  }
};
