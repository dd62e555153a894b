import { mutation } from './mutation/main.ts';

process.exitCode = await mutation(process.argv.slice(2));
