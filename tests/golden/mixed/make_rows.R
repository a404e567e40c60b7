# Joint Satterthwaite tests of unbalanced data with a covariate, in which lmerTest
# chose the contrast rows itself. Run in this folder: Rscript make_rows.R
suppressMessages(library(lmerTest))
set.seed(1)
d <- expand.grid(patient = sprintf("P%02d", 1:12), visit = c("m00", "m06", "m12"))
d$response <- factor(ifelse(as.integer(d$patient) <= 5, "responder", "non-responder"),
                     levels = c("non-responder", "responder"))
d$age <- rep(round(rnorm(12, 50, 8)), 3)
d$y <- round(rnorm(36) + rep(rnorm(12), 3), 6)
d <- d[-c(14, 29, 30, 36), ]
write.csv(d, "rows_values.csv", row.names = FALSE, quote = FALSE)
m <- lmer(y ~ visit * response + age + (1 | patient), d,
          control = lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12)))
a <- anova(m, type = 3, ddf = "Satterthwaite")
write.csv(data.frame(term = rownames(a), df1 = a$NumDF, df2 = format(a$DenDF, digits = 12),
  F = format(a$`F value`, digits = 12), p = format(a$`Pr(>F)`, digits = 12)),
  "rows.csv", row.names = FALSE, quote = FALSE)
