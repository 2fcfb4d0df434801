//! Names and places by country. A name in another script has its Latin form after a bar, for addresses. Phone numbers are reserved for
//! fiction, or cannot exist.

/// The names of a country.
pub(super) struct Names {
    /// Given names.
    pub(super) given: &'static [&'static str],
    /// Family names.
    pub(super) family: &'static [&'static str],
    /// Whether the family name comes last, after a space. Otherwise it comes first, without a space.
    pub(super) family_last: bool,
    /// Cities.
    pub(super) cities: &'static [&'static str],
    /// Their time zone.
    pub(super) zone: &'static str,
    /// A phone number. Each `#` is a digit.
    pub(super) phone: &'static str,
}

macro_rules! names {
    ($($name:ident: $zone:literal, $phone:literal, $last:literal, [$($city:literal),+], [$($given:literal),+], [$($family:literal),+];)+) => {$(
        pub(super) static $name: Names = Names {
            given: &[$($given),+], family: &[$($family),+], family_last: $last, cities: &[$($city),+], zone: $zone, phone: $phone,
        };
    )+};
}

names! {
    BRITISH: "Europe/London", "+44 7700 900###", true, ["London", "Leeds", "Bristol", "Edinburgh", "Cardiff", "Belfast"],
        ["Olivia", "George", "Amelia", "Harry", "Isla", "Noah", "Niamh", "Siân", "Callum", "Priya", "Zoë", "Chloé", "Oscar", "Ruth"],
        ["Smith", "Jones", "Taylor", "Walker", "O’Brien", "Campbell", "Evans", "Hughes", "Fletcher", "Ashworth", "Patel", "Murphy", "Okonkwo"];
    AMERICAN: "America/New_York", "+1 212 555 01##", true, ["New York", "Chicago", "Austin", "Portland", "Miami", "Denver"],
        ["James", "Mary", "Ava", "Liam", "Mia", "Ethan", "Sofía", "Tyrone", "Grace", "Caleb", "Renée", "Diego", "Hannah", "Jamal"],
        ["Johnson", "Williams", "Brown", "García", "Miller", "Davis", "Nguyễn", "Martinez", "Washington", "Kim", "Schmidt", "Jackson"];
    FRENCH: "Europe/Paris", "+33 6 39 98 ## ##", true, ["Paris", "Lyon", "Besançon", "Saint-Étienne", "Nîmes", "Québec"],
        ["Amélie", "Chloé", "Léa", "François", "Noël", "Étienne", "Hélène", "Anaïs", "Loïc", "Maëlle", "Jérôme", "Inès", "Benoît", "Camille"],
        ["Durand", "Lefèvre", "Moreau", "Garçon", "Bénard", "d’Ormesson", "Rousseau", "Le Goff", "Guérin", "Chevalier", "Dupré", "Traoré"];
    GERMAN: "Europe/Berlin", "+49 30 23125 ###", true, ["Berlin", "München", "Köln", "Düsseldorf", "Zürich", "Wien", "Görlitz"],
        ["Jürgen", "Käthe", "Lukas", "Jörg", "Anneliese", "Björn", "Hannah", "Günter", "Ute", "Sebastian", "Mareike", "Özlem", "Felix"],
        ["Müller", "Schäfer", "Weiß", "Groß", "Krüger", "von der Heide", "Jäger", "Schröder", "Böhm", "Lange", "Yıldız", "Fuchs"];
    SPANISH: "Europe/Madrid", "+34 000 55# ###", true, ["Madrid", "Cádiz", "A Coruña", "Málaga", "Bogotá", "Córdoba"],
        ["María José", "Íñigo", "Lucía", "Álvaro", "Begoña", "Andrés", "Pilar", "Jesús", "Ximena", "Ramón", "Noelia", "Iván"],
        ["Muñoz", "Peña", "García Márquez", "Ibáñez", "Núñez", "Zúñiga", "Ordóñez", "Castaño", "Echeverría", "López", "Hernández"];
    PORTUGUESE: "Europe/Lisbon", "+351 900 000 ###", true, ["Lisboa", "São Paulo", "Évora", "Guimarães", "Florianópolis"],
        ["João", "Conceição", "Inês", "Luís", "Verônica", "Antônio", "Graça", "Rui", "Beatriz", "Estêvão"],
        ["Gonçalves", "Simões", "Araújo", "Magalhães", "Conceição", "dos Santos", "Brandão", "Leitão", "Assunção"];
    ITALIAN: "Europe/Rome", "+39 000 55# ####", true, ["Roma", "Forlì", "Cantù", "Napoli", "Palermo"],
        ["Niccolò", "Giulia", "Desirée", "Matteo", "Nicolò", "Chiara", "Salvatore", "Ginevra", "Raffaele", "Noemi"],
        ["Rossi", "Dell’Acqua", "Esposito", "Cantù", "De Santis", "Lo Verde", "Bianchi", "Nicolò", "Fumagalli"];
    NORDIC: "Europe/Stockholm", "+46 70 174 06 ##", true, ["Göteborg", "Århus", "Tromsø", "Reykjavík", "Jyväskylä"],
        ["Åsa", "Søren", "Jökull", "Päivi", "Øyvind", "Märta", "Håkon", "Sigríður", "Väinö", "Linnéa"],
        ["Åkesson", "Sørensen", "Jónsdóttir", "Mäkelä", "Bjørnstad", "Östergren", "Nygård", "Þorvaldsson", "Hämäläinen"];
    POLISH: "Europe/Warsaw", "+48 000 55# ###", true, ["Łódź", "Kraków", "Gdańsk", "Wrocław", "Rzeszów"],
        ["Łukasz", "Małgorzata", "Żaneta", "Paweł", "Bożena", "Stanisław", "Agnieszka", "Michał", "Świętosława"],
        ["Wiśniewski", "Wójcik", "Dąbrowska", "Kamińska", "Źrebiec", "Szczęsny", "Grzegorzewska", "Błaszczyk"];
    TURKISH: "Europe/Istanbul", "+90 000 55# ## ##", true, ["İstanbul", "İzmir", "Muğla", "Eskişehir", "Şanlıurfa"],
        ["Ayşe", "Çağrı", "Gülşah", "İbrahim", "Özgür", "Şeyma", "Uğur", "Ömer", "Zeynep", "Işıl"],
        ["Yılmaz", "Öztürk", "Çelik", "Şahin", "Koç", "Aydın", "Güneş", "Doğan", "Kılıç"];
    RUSSIAN: "Europe/Moscow", "+7 000 55# ## ##", true, ["Москва", "Казань", "Київ", "Алматы", "Пермь"],
        ["Анна|anna", "Дмитрий|dmitry", "Ольга|olga", "Сергей|sergey", "Алёна|alyona", "Юрій|yurii", "Жанна|zhanna", "Фёдор|fyodor"],
        ["Иванова|ivanova", "Кузнецов|kuznetsov", "Шевченко|shevchenko", "Соловьёв|solovyov", "Щербакова|shcherbakova", "Їжакевич|yizhakevych"];
    GREEK: "Europe/Athens", "+30 000 55# ####", true, ["Αθήνα", "Θεσσαλονίκη", "Ηράκλειο", "Λευκωσία"],
        ["Ελένη|eleni", "Γιώργος|giorgos", "Άννα|anna", "Νίκος|nikos", "Μαρία|maria", "Στέλιος|stelios"],
        ["Παπαδόπουλος|papadopoulos", "Οικονόμου|oikonomou", "Γεωργίου|georgiou", "Χατζηδάκη|chatzidaki", "Αναγνώστου|anagnostou"];
    ARABIC: "Africa/Cairo", "+20 000 55# ####", true, ["القاهرة", "دبي", "الرياض", "بيروت", "الدار البيضاء"],
        ["فاطمة|fatima", "محمد|mohamed", "ليلى|layla", "عبد الرحمن|abdelrahman", "نور|nour", "يوسف|youssef", "مريم|maryam", "خالد|khaled"],
        ["الهاشمي|alhashimi", "بن علي|benali", "حداد|haddad", "السيد|elsayed", "القحطاني|alqahtani", "منصور|mansour"];
    HEBREW: "Asia/Jerusalem", "+972 00 55# ####", true, ["תל אביב", "חיפה", "ירושלים", "באר שבע"],
        ["נועה|noa", "דוד|david", "תמר|tamar", "יוסי|yossi", "רחל|rachel", "איתן|eitan"],
        ["כהן|cohen", "לוי|levi", "מזרחי|mizrahi", "פרידמן|friedman", "בן־דוד|bendavid"];
    INDIAN: "Asia/Kolkata", "+91 00000 55###", true, ["मुंबई", "दिल्ली", "जयपुर", "पुणे"],
        ["प्रिया|priya", "अर्जुन|arjun", "सुनीता|sunita", "विक्रम|vikram", "आरती|aarti", "राहुल|rahul"],
        ["शर्मा|sharma", "वर्मा|verma", "श्रीवास्तव|srivastava", "गुप्ता|gupta", "देशपांडे|deshpande"];
    THAI: "Asia/Bangkok", "+66 00 55# ####", true, ["กรุงเทพฯ", "เชียงใหม่", "ภูเก็ต"],
        ["สมชาย|somchai", "มาลี|malee", "กิตติ|kitti", "พิมพ์ใจ|pimjai", "ณัฐวุฒิ|nattawut"],
        ["ศรีสุข|srisuk", "วงศ์สวัสดิ์|wongsawat", "ทองดี|thongdee", "รัตนพงษ์|rattanapong"];
    JAPANESE: "Asia/Tokyo", "+81 00 0000 55##", false, ["東京", "大阪", "札幌", "福岡", "さいたま市"],
        ["葵|aoi", "翔太|shota", "さくら|sakura", "健一|kenichi", "ゆうこ|yuko", "大輔|daisuke", "美咲|misaki", "リョウ|ryo"],
        ["佐藤|sato", "鈴木|suzuki", "高橋|takahashi", "渡邉|watanabe", "小林|kobayashi", "長谷川|hasegawa", "五十嵐|igarashi"];
    CHINESE: "Asia/Shanghai", "+86 000 5500 ####", false, ["北京", "上海", "深圳", "台北", "香港"],
        ["伟|wei", "秀英|xiuying", "小明|xiaoming", "丽娜|lina", "建国|jianguo", "雨桐|yutong", "志豪|zhihao"],
        ["王|wang", "李|li", "张|zhang", "陈|chen", "欧阳|ouyang", "黃|huang", "劉|liu", "赵|zhao"];
    KOREAN: "Asia/Seoul", "+82 00 5500 ####", false, ["서울", "부산", "대전", "제주"],
        ["민준|minjun", "서연|seoyeon", "지우|jiwoo", "하은|haeun", "도윤|doyun", "수빈|subin"],
        ["김|kim", "이|lee", "박|park", "최|choi", "정|jeong", "남궁|namgung"];
}
