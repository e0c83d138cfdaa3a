import { parseArgs } from 'node:util';
import { Platform } from '@vexa/shared/contracts/platform';
import { createLogger } from '@vexa/shared/logging';
import { findChromium } from './browser/find-chromium.ts';
import { launchBrowser } from './browser/launch.ts';
import { firstLine } from './engine/why-unopened.ts';
import { checkRecipe } from './recipes/check-recipe.ts';

const usage = `Reports the parts of a platform's recipe that do not match its page any more.

npm run recipe:check -- --platform google_meet --url https://meet.google.com/abc-defg-hij

  --platform  ${Platform.options.join(', ')}
  --url       a meeting's link
  --name      the name to join under (Recipe check)
  --wait      seconds to wait for the door, and for the lobby or the meeting (30)
  --help      this text

CHROMIUM_PATH names the browser, HEADED=1 shows it; BOT_PROFILE_DIR and BOT_PROXY are used as a bot uses them.
Exit code: 0 all parts match, 1 some do not, 2 wrong use, 3 the page or the browser did not open.`;

const options = {
  platform: { type: 'string' },
  url: { type: 'string' },
  name: { type: 'string', default: 'Recipe check' },
  wait: { type: 'string', default: '30' },
  help: { type: 'boolean', default: false },
} as const;

function argumentsOrExit() {
  try {
    const { values } = parseArgs({ options });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    const platform = Platform.safeParse(values.platform).data;
    const waitMs = Number(values.wait) * 1_000;
    if (!platform) throw new Error('--platform is none of those below.');
    if (!values.url || !URL.canParse(values.url)) throw new Error('--url is not a link.');
    if (!(waitMs > 0)) throw new Error('--wait is not a number of seconds.');
    return { platform, meetingUrl: values.url, botName: values.name, waitMs };
  } catch (error) {
    console.error(`${firstLine(error)}\n\n${usage}`);
    process.exit(2);
  }
}

const asked = argumentsOrExit();
const headed = process.env.HEADED === '1';
const chromium = { path: process.env.CHROMIUM_PATH, searchPath: process.env.PATH ?? '', headed };
const settings = { headed, flags: [], profileDir: process.env.BOT_PROFILE_DIR, proxy: process.env.BOT_PROXY };
const logger = createLogger('recipe-check', 'silent');
let matches = true;
try {
  await using browser = await launchBrowser(await findChromium(chromium), settings);
  const report = await checkRecipe({ context: browser.context, logger }, asked);
  console.log(`${asked.platform}, recipe ${report.version} of ${report.checkedOn}`);
  for (const { part, found, needed } of report.parts) {
    console.log(`${found ? '  ok     ' : needed ? '  MISSING' : '  absent '} ${part}`);
    matches &&= found || !needed;
  }
  console.log(matches ? 'Every part that is needed matches.' : 'The page has changed: see what is missing.');
} catch (error) {
  console.error(`The recipe could not be checked: ${firstLine(error)}`);
  process.exit(3);
}
process.exit(matches ? 0 : 1);
