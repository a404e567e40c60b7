# Golden table of adjusted p. Run in this folder: Rscript make_golden.R
# stats::p.adjust; multcomp for the adjustment of a general linear hypothesis.
library(multcomp)
set.seed(3)
rows <- list()
for (m in c(1, 2, 3, 5, 10)) {
  p <- signif(sort(runif(m))^2, 6)[sample(m)]
  for (method in c("holm", "hochberg", "bonferroni")) {
    rows[[length(rows) + 1]] <- data.frame(m = m, method = method,
      p = paste(p, collapse = ";"),
      adjusted = paste(format(p.adjust(p, method), digits = 15), collapse = ";"))
  }
}
fit <- lm(weight ~ group, PlantGrowth)
for (method in c("holm", "bonferroni")) {
  raw <- summary(glht(fit, mcp(group = "Tukey")), test = adjusted("none"))$test$pvalues
  adj <- summary(glht(fit, mcp(group = "Tukey")), test = adjusted(method))$test$pvalues
  rows[[length(rows) + 1]] <- data.frame(m = 3, method = method,
    p = paste(format(raw, digits = 15), collapse = ";"),
    adjusted = paste(format(adj, digits = 15), collapse = ";"))
}
write.csv(do.call(rbind, rows), "adjusted.csv", row.names = FALSE, quote = FALSE)
