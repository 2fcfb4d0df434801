//! Phrases of customers and the team in languages of the Mediterranean and eastern Europe. [`super::texts`] fills in `{…}`.

use super::words::Tongue;

pub(super) static AR: Tongue = Tongue {
    tag: "ar",
    hello: &["مرحباً،", "السلام عليكم،", "صباح الخير،"],
    greet: &["مرحباً {u}،", "أهلاً بك {u}،"],
    topics: &[
        (
            &["أين طلبي رقم {n}؟ كان من المفترض أن يصل أمس.", "متى يصل {p} إلى {c}؟"],
            &["غادر الطلب {n} المستودع وسيصل إلى {c} يوم {d}.", "تأخرت شركة الشحن، والطرد في الطريق من جديد."],
            &["هل يمكن التوصيل بعد الظهر؟", "لم يطرق أحد الباب اليوم."],
        ),
        (
            &["هل يمكنكم إرسال الفاتورة {n} مرة أخرى؟", "الفاتورة بمبلغ {a} وقد اتفقنا على أقل من ذلك."],
            &["أرفقت الفاتورة المصححة بمبلغ {a}.", "معك حق، الخصم لم يُحتسب. سنرسل الإشعار اليوم."],
            &["يرجى إضافة الرقم الضريبي.", "ما زال المجموع غير صحيح."],
        ),
        (
            &["نود مشاهدة عرض توضيحي لمنتج {p}.", "كم سعر {p} لعشرين شخصاً؟"],
            &["بكل سرور. هل يناسبكم {d} الساعة {t}؟", "لعشرين شخصاً يكون السعر {a} شهرياً."],
            &["هل يمكن أن تنضم زميلتي؟", "هل التركيب مشمول؟"],
        ),
        (
            &["وصل {p} مكسوراً، كيف أعيده؟", "هل يمكنني تغيير موعدي يوم {d}؟"],
            &["نعتذر عن ذلك، ملصق الإرجاع مرفق.", "لا مشكلة، تم نقل الموعد إلى {t}."],
            &["متى أسترد المبلغ؟", "كم يستغرق الموعد؟"],
        ),
    ],
    thanks: &["شكراً جزيلاً!", "ممتاز، شكراً.", "تمام 👍", "شكراً على الرد السريع."],
    bye: &["مع أطيب التحيات،", "تحياتي،"],
};

pub(super) static HE: Tongue = Tongue {
    tag: "he",
    hello: &["שלום,", "בוקר טוב,", "היי,"],
    greet: &["שלום {u},", "היי {u},"],
    topics: &[
        (
            &["איפה ההזמנה שלי {n}? היא הייתה אמורה להגיע אתמול.", "מתי יגיע {p} ל{c}?"],
            &["ההזמנה {n} יצאה מהמחסן ותגיע ל{c} ב-{d}.", "חברת המשלוחים התעכבה, החבילה שוב בדרך."],
            &["אפשר משלוח אחר הצהריים?", "אף אחד לא צלצל היום."],
        ),
        (
            &["אפשר לקבל שוב את החשבונית {n}?", "כמה עולה {p} לעשרים אנשים?"],
            &["מצורפת החשבונית המתוקנת על סך {a}.", "לעשרים אנשים המחיר הוא {a} לחודש."],
            &["חסר מספר העוסק שלנו.", "ההתקנה כלולה במחיר?"],
        ),
        (
            &["ה-{p} הגיע שבור. איך מחזירים?", "אפשר להזיז את הפגישה ב-{d}?"],
            &["מצטערים מאוד, מדבקת ההחזרה מצורפת.", "אין בעיה, העברתי לשעה {t}."],
            &["מתי אקבל את הכסף בחזרה?", "צריך להביא משהו?"],
        ),
    ],
    thanks: &["תודה רבה!", "מעולה, תודה.", "סבבה 👍"],
    bye: &["בברכה,", "תודה ולהתראות,"],
};

pub(super) static RU: Tongue = Tongue {
    tag: "ru",
    hello: &["Здравствуйте!", "Добрый день,", "Привет,"],
    greet: &["Здравствуйте, {u}!", "Добрый день, {u},"],
    topics: &[
        (
            &["Где мой заказ {n}? Он должен был прийти вчера.", "Когда {p} доставят в {c}?"],
            &["Заказ {n} отправлен и будет доставлен {d}.", "Служба доставки задержалась, посылка снова в пути."],
            &["Можно доставить после обеда?", "Сегодня никто не звонил в дверь."],
        ),
        (
            &["Пришлите, пожалуйста, счёт {n} ещё раз.", "В счёте указано {a}, а договаривались о меньшей сумме."],
            &["Исправленный счёт на {a} во вложении.", "Вы правы, скидка не учтена. Исправим сегодня."],
            &["Добавьте, пожалуйста, наш ИНН.", "Сумма всё ещё неверная."],
        ),
        (
            &["Хотим посмотреть демонстрацию {p}.", "Сколько стоит {p} на двадцать человек?"],
            &["С удовольствием. Подойдёт {d} в {t}?", "На двадцать человек выходит {a} в месяц."],
            &["Можно подключить коллегу?", "Настройка входит в цену?"],
        ),
        (
            &["{p} пришёл сломанным. Как его вернуть?", "Можно перенести встречу {d}?"],
            &["Приносим извинения, бланк возврата во вложении.", "Конечно, перенесли на {t}."],
            &["Когда вернут деньги?", "Коробку я уже выбросил."],
        ),
    ],
    thanks: &["Большое спасибо!", "Отлично, спасибо.", "Хорошо, жду.", "Спасибо за быстрый ответ."],
    bye: &["С уважением,", "Всего доброго,"],
};

pub(super) static EL: Tongue = Tongue {
    tag: "el",
    hello: &["Καλημέρα,", "Γεια σας,", "Καλησπέρα,"],
    greet: &["Γεια σας {u},", "Αγαπητέ πελάτη,"],
    topics: &[
        (
            &["Πού είναι η παραγγελία μου {n};", "Πότε θα παραδοθεί το {p} στην πόλη {c};"],
            &[
                "Η παραγγελία {n} έφυγε από την αποθήκη και φτάνει στις {d}.",
                "Η μεταφορική καθυστέρησε, το δέμα είναι πάλι καθ' οδόν.",
            ],
            &["Μπορείτε να παραδώσετε το απόγευμα;", "Σήμερα δεν χτύπησε κανείς."],
        ),
        (
            &["Μπορείτε να μου ξαναστείλετε το τιμολόγιο {n};", "Πόσο κοστίζει το {p} για είκοσι άτομα;"],
            &["Σας επισυνάπτω το διορθωμένο τιμολόγιο, σύνολο {a}.", "Για είκοσι άτομα είναι {a} τον μήνα."],
            &["Λείπει το ΑΦΜ μας.", "Περιλαμβάνεται η εγκατάσταση;"],
        ),
    ],
    thanks: &["Ευχαριστώ πολύ!", "Τέλεια, ευχαριστώ.", "Εντάξει."],
    bye: &["Με εκτίμηση,", "Φιλικά,"],
};

pub(super) static PL: Tongue = Tongue {
    tag: "pl",
    hello: &["Dzień dobry,", "Witam,", "Cześć,"],
    greet: &["Dzień dobry,", "Witaj {u},"],
    topics: &[
        (
            &[
                "Gdzie jest moje zamówienie {n}? Miało dotrzeć wczoraj.",
                "Kiedy {p} zostanie dostarczony do miasta {c}?",
            ],
            &["Zamówienie {n} opuściło magazyn i dotrze {d}.", "Kurier miał opóźnienie, paczka jest znowu w drodze."],
            &["Czy można dostarczyć po południu?", "Dzisiaj nikt nie dzwonił do drzwi."],
        ),
        (
            &["Proszę o ponowne przesłanie faktury {n}.", "Na fakturze jest {a}, a umawialiśmy się na mniej."],
            &["W załączniku poprawiona faktura na {a}.", "Ma Pani rację, zabrakło rabatu. Korektę wyślemy dzisiaj."],
            &["Proszę dodać nasz NIP.", "Suma nadal się nie zgadza."],
        ),
        (
            &["{p} przyszedł uszkodzony. Jak go zwrócić?", "Ile kosztuje {p} dla dwudziestu osób?"],
            &["Bardzo przepraszamy, etykieta zwrotna w załączniku.", "Dla dwudziestu osób to {a} miesięcznie."],
            &["Kiedy dostanę zwrot pieniędzy?", "Czy instalacja jest w cenie?"],
        ),
    ],
    thanks: &["Bardzo dziękuję!", "Świetnie, dzięki.", "W porządku."],
    bye: &["Z poważaniem,", "Pozdrawiam serdecznie,"],
};

pub(super) static TR: Tongue = Tongue {
    tag: "tr",
    hello: &["Merhaba,", "İyi günler,", "Selam,"],
    greet: &["Merhaba {u},", "Sayın {u},"],
    topics: &[
        (
            &["{n} numaralı siparişim nerede? Dün gelmesi gerekiyordu.", "{p} ne zaman teslim edilecek?"],
            &[
                "{n} numaralı sipariş yola çıktı, {d} tarihinde elinizde olacak.",
                "Kargo gecikti, paketiniz yeniden yolda.",
            ],
            &["Öğleden sonra teslim edebilir misiniz?", "Bugün kapıyı kimse çalmadı."],
        ),
        (
            &["{n} faturasını tekrar gönderebilir misiniz?", "Yirmi kişi için {p} fiyatı nedir?"],
            &["Düzeltilmiş fatura ektedir, toplam {a}.", "Yirmi kişi için aylık {a}."],
            &["Vergi numaramızı da ekleyin lütfen.", "Kurulum dahil mi?"],
        ),
        (
            &["{p} kırık geldi, nasıl iade edebilirim?", "{d} randevumu değiştirebilir miyim?"],
            &["Çok üzgünüz, iade etiketi ektedir.", "Tabii, saat {t} olarak değiştirdim."],
            &["Param ne zaman iade edilir?", "Ne kadar sürer?"],
        ),
    ],
    thanks: &["Çok teşekkür ederim!", "Harika, sağ olun.", "Tamam 👍"],
    bye: &["Saygılarımla,", "İyi çalışmalar,"],
};
