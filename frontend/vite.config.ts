import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// Django serves dist/index.html at "/" and dist/ under /static/app/. Everything is a file of this
// origin: no inlined asset, because the page's policy is `default-src 'self'` without data: or blob:.
export default defineConfig({
  base: "/static/app/",
  plugins: [react()],
  build: {
    outDir: "dist",
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
  worker: { format: "es" },
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
});
