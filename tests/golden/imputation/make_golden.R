# Golden table of Rubin's rules with Barnard and Rubin's degrees of freedom.
# Run in this folder: Rscript make_golden.R  (R package mice)
library(mice)
set.seed(7)
cases <- list(three = c(3, 10), five = c(5, 8.3), many = c(50, 25), flat = c(4, 120))
rows <- lapply(names(cases), function(case) {
  m <- cases[[case]][1]; dfcom <- cases[[case]][2]
  q <- round(rnorm(m, 1, if (case == "flat") 0.01 else 0.4), 6)
  u <- round(runif(m, 0.05, 0.2), 6)
  found <- pool.scalar(q, u, n = dfcom + 1, k = 1)
  data.frame(case = case, q = paste(q, collapse = ";"), u = paste(u, collapse = ";"),
             dfcom = dfcom, qbar = format(found$qbar, digits = 16),
             t = format(found$t, digits = 16), df = format(found$df, digits = 16))
})
write.csv(do.call(rbind, rows), "pooled.csv", row.names = FALSE, quote = FALSE)
write.csv(data.frame(name = c("R", "mice"),
  version = c(as.character(getRversion()), as.character(packageVersion("mice")))),
  "versions.csv", row.names = FALSE, quote = FALSE)
