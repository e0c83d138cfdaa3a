# What the Docker runner starts in its tests: everything a bot has, but the bot.
FROM vexa-bot:local
COPY scripted-bot.ts /app/wholesaler/vexa-bot/src/main.ts
