import { parseArgs } from 'node:util';
import { Platform } from '@vexa/shared/contracts/platform';
import { createLogger } from '@vexa/shared/logging';
import { findChromium } from './browser/find-chromium.ts';
import { launchBrowser } from './browser/launch.ts';
import { checkRecipe } from './recipes/check-recipe.ts';

const usage = `Reports the parts of a platform's recipe that do not match its page any more.

npm run recipe:check -- --platform google_meet --url https://meet.google.com/abc-defg-hij

  --platform  ${Platform.options.join(', ')}
  --url       a meeting's link
  --name      the name to join under (Recipe check)
  --wait      seconds to wait for the door, and for the lobby or the meeting (30)
  --help      this text

CHROMIUM_PATH names the browser, HEADED=1 shows it. Exit code: 0 all parts match, 1 some do not, 2 wrong use.`;

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
    const platform = Platform.parse(values.platform);
    const waitMs = Number(values.wait) * 1_000;
    if (!values.url || !URL.canParse(values.url) || !(waitMs > 0)) throw new Error('--url or --wait');
    return { platform, meetingUrl: values.url, botName: values.name, waitMs };
  } catch {
    console.error(usage);
    process.exit(2);
  }
}

const asked = argumentsOrExit();
const headed = process.env.HEADED === '1';
const executable = await findChromium({
  path: process.env.CHROMIUM_PATH,
  searchPath: process.env.PATH ?? '',
  headed,
});
const settings = { headed, flags: [], profileDir: process.env.BOT_PROFILE_DIR, proxy: process.env.BOT_PROXY };
const logger = createLogger('recipe-check', 'silent');
let matches = true;
{
  await using browser = await launchBrowser(executable, settings);
  const report = await checkRecipe({ context: browser.context, logger }, asked);
  console.log(`${asked.platform}, recipe ${report.version} of ${report.checkedOn}`);
  for (const { part, found, needed } of report.parts) {
    console.log(`${found ? '  ok     ' : needed ? '  MISSING' : '  absent '} ${part}`);
    matches &&= found || !needed;
  }
  console.log(matches ? 'Every part that is needed matches.' : 'The page has changed: see what is missing.');
}
process.exit(matches ? 0 : 1);
